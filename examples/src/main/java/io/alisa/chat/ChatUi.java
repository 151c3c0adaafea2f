package io.alisa.chat;

import org.jspecify.annotations.Nullable;

/** Where a conversation takes place: a terminal or a pipe. */
interface ChatUi extends AutoCloseable {
    /** What the user says next; null when there is no more. */
    @Nullable
    String read();

    /** A piece of the reply, shown at once. */
    void reply(String piece);

    /** The reply is complete. */
    void endReply();

    /** What the user asked to see. */
    void show(String text);

    /** A remark beside the conversation: an error, a hint. */
    void note(String sentence);

    /** Where the conversation stands. */
    void status(String line);

    /** Runs something that Ctrl-C should stop: {@code onInterrupt} is what Ctrl-C then does. */
    void whileInterruptible(Runnable onInterrupt, Runnable body);

    @Override
    void close();
}
