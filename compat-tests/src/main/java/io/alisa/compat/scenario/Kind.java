package io.alisa.compat.scenario;

/** The ways clients use the host. */
public enum Kind {
    /** {@code batchForward} of the prompt, then {@code forward} and {@code sample}, token by token. */
    GREEDY,
    /** As {@link #GREEDY}, but the prompt goes through {@code forward} too. */
    TOKENWISE,
    /** As {@link #GREEDY}, then several times again from an earlier position of the same buffer. */
    REWIND,
    /**
     * As {@link #GREEDY}, but with the plugin the buffer is closed twice on the way and used again: the host, which can't
     * do that, shows on an open one what must come out.
     */
    REOPEN,
    /** The same tokens in batches of several sizes, see {@link BatchesRun}. */
    BATCHES,
    /** A session in each of the plugin's modes, all open at once and in turn; the first mode again at the end. */
    MODES,
    /** {@code generate}, the one call that chat clients make. */
    GENERATE,
    /** {@code generate}, several turns with one session id. */
    CONVERSATION,
    /** The same turns, each as one prefill of all that was said so far: what {@link #CONVERSATION} must say. */
    WHOLE_PROMPTS,
    /** {@code generate}, several turns, each with the whole history and a new session id. */
    HISTORY,
    /** {@link #HISTORY}, and each turn once more as one prefill: logits of both, see {@link ReusedRun}. */
    REUSED,
    /** {@link #CONVERSATION} whose first turn is pinned, by the application, before the others. */
    PINNED,
    /** {@code generate} of a prompt with a system message, built by the host. */
    SYSTEM_MESSAGE,
    /**
     * {@code generate} of prompts with system messages, built by the host: by one thread, each under an id of its own; by
     * several, all at once under one id.
     */
    SYSTEM_MESSAGES,
    /** A conversation that is saved when all is said, in the directory that {@code compat.saves} names. */
    SAVE,
    /** A conversation that goes on where a {@link #SAVE} of the same name ended. */
    RESTORE,
    /** Many {@link #HISTORY histories} at once that begin alike. */
    MANY_HISTORIES,
    /** {@code embed} by an encoder. */
    EMBED,
    /** Many sessions one after the other, each closed: what stays behind? */
    CHURN,
    /** An application that feeds prompts itself, and one whose session another thread closes between two layers. */
    OWN_STEPS,
    /** Many sessions that nobody closes: what stays behind? */
    ABANDON
}
