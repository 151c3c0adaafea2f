package io.alisa.compat.clients;

import java.util.concurrent.CompletableFuture;

import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.TokenStream;

/** A langchain4j assistant with a chat memory that hands out its answer piece by piece. */
final class StreamingClient implements Client {
    private final Assistant assistant;

    private interface Assistant {
        TokenStream answer(String question);
    }

    StreamingClient(StreamingChatModel model) {
        assistant = AiServices.builder(Assistant.class).streamingChatModel(model)
                .chatMemory(MessageWindowChatMemory.withMaxMessages(1000)).build();
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
