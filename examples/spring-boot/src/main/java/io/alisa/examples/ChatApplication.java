package io.alisa.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.jlama.JlamaChatModel;
import dev.langchain4j.service.AiServices;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SimpleCommandLinePropertySource;

/** A conversation in a Spring Boot application: each line of the input is a question. Options: --models=DIR --model=NAME. */
@SpringBootApplication
public class ChatApplication {

    public static void main(String[] arguments) {
        PropertySource<?> options = new SimpleCommandLinePropertySource(arguments);
        if (!(options.getProperty("models") instanceof String models && Files.isDirectory(Path.of(models))
                && options.getProperty("model") instanceof String model)) {
            System.err.println("Usage: ChatApplication --models=DIR --model=NAME, an existing directory with models and"
                    + " one's name, such as alisa/memo; given: " + List.of(arguments));
            System.exit(2);
            return;
        }
        requireModel(Path.of(models, model.replace('/', '_')));
        System.exit(SpringApplication.exit(SpringApplication.run(ChatApplication.class, arguments)));
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

    private interface Assistant {
        String answer(String question);
    }

    @Bean
    ChatModel chatModel(@Value("${models}") Path models, @Value("${model}") String model) {
        return JlamaChatModel.builder().modelCachePath(models).modelName(model).temperature(0f).build();
    }

    @Bean
    CommandLineRunner conversation(ChatModel model) {
        Assistant assistant = AiServices.builder(Assistant.class).chatModel(model)
                .chatMemory(MessageWindowChatMemory.withMaxMessages(100)).build();
        return arguments -> {
            for (String question = IO.readln(); question != null; question = IO.readln()) {
                if (!question.isBlank()) {
                    IO.println(assistant.answer(question));
                }
            }
        };
    }
}
