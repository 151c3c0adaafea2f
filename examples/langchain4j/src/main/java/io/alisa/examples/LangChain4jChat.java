package io.alisa.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.jlama.JlamaChatModel;
import dev.langchain4j.service.AiServices;

/** A conversation through langchain4j: each line of the input is a question. Arguments: a directory of models, a model's name. */
public final class LangChain4jChat {
    private LangChain4jChat() {
    }

    private interface Assistant {
        String answer(String question);
    }

    public static void main(String[] arguments) {
        if (arguments.length != 2 || !Files.isDirectory(Path.of(arguments[0]))) {
            System.err.println(
                    "Usage: LangChain4jChat MODELS NAME, an existing directory with models and one's name, such"
                            + " as alisa/memo; given: " + List.of(arguments));
            System.exit(2);
        }
        JlamaChatModel model = JlamaChatModel.builder().modelCachePath(Path.of(arguments[0])).modelName(arguments[1])
                .temperature(0f).build();
        Assistant assistant = AiServices.builder(Assistant.class).chatModel(model)
                .chatMemory(MessageWindowChatMemory.withMaxMessages(100)).build();
        int exit = 1;
        try {
            for (String question = IO.readln(); question != null; question = IO.readln()) {
                if (!question.isBlank()) {
                    IO.println(assistant.answer(question));
                }
            }
            exit = 0;
        } catch (RuntimeException e) {
            System.err.println("No answer: " + e.getMessage());
        }
        System.exit(exit); // the host's worker threads would keep the process for a minute
    }
}
