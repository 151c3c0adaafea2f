package io.alisa.chat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/** Without a terminal: each line is a turn, replies go to the output, everything else to the error output. UTF-8. */
final class PipeUi implements ChatUi {
    private final BufferedReader in;
    private final PrintStream out;
    private final PrintStream err;

    PipeUi(InputStream in, OutputStream out, OutputStream err) {
        this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        this.out = new PrintStream(out, true, StandardCharsets.UTF_8);
        this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
    }

    @Override
    public @Nullable String read() {
        try {
            return in.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void reply(String piece) {
        out.print(piece);
        out.flush();
    }

    @Override
    public void endReply() {
        out.println();
    }

    @Override
    public void show(String text) {
        out.println(text);
    }

    @Override
    public void note(String sentence) {
        err.println(sentence);
    }

    @Override
    public void status(String line) {
        err.println("[" + line + "]");
    }

    @Override
    public void whileInterruptible(Runnable onInterrupt, Runnable body) {
        body.run(); // Ctrl-C ends the process, as it does with every filter
    }

    @Override
    public void close() {
        out.flush();
        err.flush();
    }
}
