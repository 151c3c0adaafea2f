package io.alisa.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

import org.jspecify.annotations.Nullable;

/** A user who types these lines. */
final class ScriptedUi implements ChatUi {
    final List<String> replies = new ArrayList<>();
    final List<String> shown = new ArrayList<>();
    final List<String> notes = new ArrayList<>();
    final List<String> statusLines = new ArrayList<>();
    private final Deque<String> lines;
    private final StringBuilder reply = new StringBuilder();

    ScriptedUi(String... lines) {
        this.lines = new ArrayDeque<>(List.of(lines));
    }

    @Override
    public @Nullable String read() {
        return lines.poll();
    }

    @Override
    public void reply(String piece) {
        reply.append(piece);
    }

    @Override
    public void endReply() {
        replies.add(reply.toString());
        reply.setLength(0);
    }

    @Override
    public void show(String text) {
        shown.add(text);
    }

    @Override
    public void note(String sentence) {
        notes.add(sentence);
    }

    @Override
    public void status(String line) {
        statusLines.add(line);
    }

    @Override
    public void whileInterruptible(Runnable onInterrupt, Runnable body) {
        body.run();
    }

    @Override
    public void close() {
        // nothing to give back
    }
}
