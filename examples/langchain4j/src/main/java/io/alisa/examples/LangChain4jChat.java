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
        Path models = Path.of(arguments[0]);
        requireModel(models.resolve(arguments[1].replace('/', '_')));
        int exit = 1;
        try {
            talk(models, arguments[1]);
            exit = 0;
        } catch (RuntimeException | Error e) {
            System.err.println("No answer: " + rootCause(e));
        }
        System.exit(exit); // the host's worker threads would keep the process for a minute
    }

    /** The host wraps what is wrong, a missing module for instance, into exceptions that do not say it. */
    private static Throwable rootCause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static void talk(Path models, String name) {
        JlamaChatModel model = JlamaChatModel.builder().modelCachePath(models).modelName(name).temperature(0f).build();
        Assistant assistant = AiServices.builder(Assistant.class).chatModel(model)
                .chatMemory(MessageWindowChatMemory.withMaxMessages(100)).build();
        for (String question = IO.readln(); question != null; question = IO.readln()) {
            if (!question.isBlank()) {
                IO.println(assistant.answer(question));
            }
        }
    }

    /** Ends with a sentence where langchain4j would not find the model there and ask the network for it. */
    private static void requireModel(Path directory) {
        if (!Files.exists(directory.resolve("config.json")) || !Files.exists(directory.resolve(".finished"))) {
            System.err.println("There is no model in " + directory + ", where langchain4j looks for OWNER/NAME: put one"
                    + " there, and an empty file .finished beside its config.json. Where that is a small text file, it was"
                    + " a symbolic link: replace it by a copy of the directory whose name is in it.");
            System.exit(2);
        }
    }
}
