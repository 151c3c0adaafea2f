package io.alisa.compat.clients;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

import io.alisa.Alisa;
import io.alisa.SessionReport;

/**
 * Puts questions to a client and prints a line for each answer: {@code answer: nanoseconds to the first token, tokens in the
 * plugin's session (-1 without), text in Base64}. Then {@code plugin: true}, or false.
 *
 * <p>Arguments: which client, the directory of models, the model's name, a file with a question on each line; an empty line
 * begins a new conversation, with a model loaded anew.
 */
public final class ClientMain {
    /** Opens a conversation. */
    interface Opener {
        Client open() throws IOException;
    }

    private ClientMain() {
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        run(() -> Clients.open(arguments[0], Path.of(arguments[1]), arguments[2]), Path.of(arguments[3]));
        System.exit(0); // the host's worker threads would keep the process for a minute
    }

    static void run(Opener clients, Path questions) throws IOException, InterruptedException {
        Client client = clients.open();
        for (String question : Files.readAllLines(questions)) {
            if (question.isEmpty()) {
                client = clients.open();
                continue;
            }
            Client.Answer answer = client.ask(question);
            System.out.println("answer: " + answer.firstTokenNanos() + "," + sessionTokens() + ","
                    + Base64.getEncoder().encodeToString(answer.text().getBytes(StandardCharsets.UTF_8)));
        }
        System.out.println("plugin: " + active());
    }

    /** Without the agent its classes are not there at all. */
    private static boolean active() {
        try {
            return Alisa.active();
        } catch (NoClassDefFoundError e) {
            return false;
        }
    }

    private static long sessionTokens() {
        SessionReport report = active() ? Alisa.lastSession() : null;
        return report == null ? -1 : report.tokens();
    }
}
