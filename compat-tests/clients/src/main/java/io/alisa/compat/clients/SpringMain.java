package io.alisa.compat.clients;

import java.io.IOException;
import java.nio.file.Path;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Scope;

/** A Spring Boot application; in its executable jar Jlama is in the jar's class loader. Arguments as {@link ClientMain}'s. */
@SpringBootConfiguration
public class SpringMain {

    public static void main(String[] arguments) {
        System.exit(SpringApplication.exit(SpringApplication.run(SpringMain.class, arguments)));
    }

    @Bean
    @Scope("prototype")
    ChatModel model(ApplicationArguments arguments) throws IOException {
        return Clients.chat(models(arguments), name(arguments));
    }

    @Bean
    @Scope("prototype")
    StreamingChatModel streamingModel(ApplicationArguments arguments) throws IOException {
        return Clients.streaming(models(arguments), name(arguments));
    }

    @Bean
    ApplicationRunner conversation(ObjectProvider<ChatModel> models, ObjectProvider<StreamingChatModel> streamingModels,
            ApplicationArguments arguments) {
        boolean streams = arguments.getSourceArgs()[0].equals("spring_streaming");
        return ignored -> ClientMain.run(() -> streams
                ? new StreamingClient(streamingModels.getObject())
                : new ChatClient(models.getObject()), Path.of(arguments.getSourceArgs()[3]));
    }

    private static Path models(ApplicationArguments arguments) {
        return Path.of(arguments.getSourceArgs()[1]);
    }

    private static String name(ApplicationArguments arguments) {
        return arguments.getSourceArgs()[2];
    }
}
