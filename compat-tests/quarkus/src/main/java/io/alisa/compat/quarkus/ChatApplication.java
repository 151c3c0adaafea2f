package io.alisa.compat.quarkus;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import jakarta.inject.Inject;

/** Puts questions to a model and prints a line for each answer, as the clients beside it do. The fourth argument: a file of questions. */
@QuarkusMain
public class ChatApplication implements QuarkusApplication {
    @Inject
    ChatModel model;

    @Override
    public int run(String... arguments) throws IOException {
        List<ChatMessage> said = new ArrayList<>();
        for (String question : Files.readAllLines(Path.of(arguments[3]))) {
            said.add(UserMessage.from(question));
            AiMessage answer = model.chat(said).aiMessage();
            said.add(answer);
            System.out.println("answer: -1,-1,"
                    + Base64.getEncoder().encodeToString(answer.text().getBytes(StandardCharsets.UTF_8)));
        }
        System.out.println("plugin: " + active());
        return 0;
    }

    /** The plugin is in no class loader of Quarkus': it came with the JVM, or not at all. */
    private static boolean active() {
        try {
            return (Boolean) Class.forName("io.alisa.Alisa", true, ClassLoader.getSystemClassLoader())
                    .getMethod("active").invoke(null);
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
