package io.alisa.compat.clients;

import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.service.AiServices;

/** A langchain4j assistant with a chat memory; with a retriever, what it finds is put into the question. */
final class ChatClient implements Client {
    private final Assistant assistant;

    private interface Assistant {
        String answer(String question);
    }

    ChatClient(ChatModel model) {
        assistant = service(model).build();
    }

    ChatClient(ChatModel model, ContentRetriever retriever) {
        assistant = service(model).contentRetriever(retriever).build();
    }

    private static AiServices<Assistant> service(ChatModel model) {
        return AiServices.builder(Assistant.class).chatModel(model)
                .chatMemory(MessageWindowChatMemory.withMaxMessages(1000));
    }

    @Override
    public Answer ask(String question) {
        FirstToken first = new FirstToken();
        String text = assistant.answer(question);
        first.came();
        return new Answer(text, first.nanos());
    }
}
