package io.alisa.compat.clients;

import java.util.concurrent.CompletableFuture;

import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.TokenStream;

/** A langchain4j assistant that hands out its answer piece by piece. */
final class StreamingClient implements Client {
    private final Assistant assistant;

    private interface Assistant {
        TokenStream answer(String question);
    }

    /** With a chat memory. */
    StreamingClient(StreamingChatModel model) {
        this(service(model).chatMemory(MessageWindowChatMemory.withMaxMessages(1000)).build());
    }

    private StreamingClient(Assistant assistant) {
        this.assistant = assistant;
    }

    /** Without: each question is the first one of another conversation. */
    static StreamingClient forgetful(StreamingChatModel model) {
        return new StreamingClient(service(model).build());
    }

    private static AiServices<Assistant> service(StreamingChatModel model) {
        return AiServices.builder(Assistant.class).streamingChatModel(model);
    }

    @Override
    public Answer ask(String question) {
        CompletableFuture<String> text = new CompletableFuture<>();
        FirstToken first = new FirstToken();
        assistant.answer(question).onPartialResponse(piece -> first.came())
                .onCompleteResponse(response -> text.complete(response.aiMessage().text()))
                .onError(text::completeExceptionally).start();
        return new Answer(text.join(), first.nanos());
    }
}
