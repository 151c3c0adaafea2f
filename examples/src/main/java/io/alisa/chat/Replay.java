package io.alisa.chat;

import java.io.BufferedReader;
import java.io.IOException;

/**
 * A turn to be run again in another JVM: what the context held, what the turn added, how many tokens it wrote. Three
 * lines of text on the other JVM's input.
 */
record Replay(TokenList history, TokenList prompt, int replyTokens) {
    static Replay of(TokenList context, Turn turn) {
        return new Replay(context.slice(0, turn.promptStart()),
                context.slice(turn.promptStart(), turn.promptEnd()), turn.replyIds().size());
    }

    String toLines() {
        return "history " + history + "\nprompt " + prompt + "\nreply " + replyTokens + "\n";
    }

    static Replay fromLines(BufferedReader in) throws IOException {
        return new Replay(TokenList.parse(value(in, "history")), TokenList.parse(value(in, "prompt")),
                Integer.parseInt(value(in, "reply")));
    }

    private static String value(BufferedReader in, String name) throws IOException {
        String line = in.readLine();
        if (line == null || !line.startsWith(name + " ")) {
            throw new IOException("Expected '" + name + "', found: " + line);
        }
        return line.substring(name.length() + 1);
    }
}
