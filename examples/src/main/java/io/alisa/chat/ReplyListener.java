package io.alisa.chat;

/** Watches a reply come into being. */
public interface ReplyListener {
    /** The message fits and is part of the conversation now. */
    default void onAccepted() {
    }

    /** The model's chat template rewrites what was read before, so everything is read again. */
    default void onReread() {
    }

    /** More of the prompt has been read. */
    default void onPrefill(int done, int total) {
    }

    /** More text. */
    void onText(String piece);

    /** Asked between tokens: whether the reply should stop here. */
    default boolean stop() {
        return false;
    }
}
