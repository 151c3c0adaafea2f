package io.alisa.compat.scenario;

/** What a recording knows besides tokens and logits. */
public enum Fact {
    /** Tokens in the context of every KvBuffer at the end, sorted: what the caller fed. */
    FED,
    /** The same as the plugin reports it for the sessions open at that moment. */
    PLUGIN_SESSIONS,
    /** Whether the plugin says that it is active. */
    PLUGIN_ACTIVE,
    /** The text of a reply, with special tokens. */
    TEXT,
    /** The same text as it arrived piece by piece. */
    STREAMED_TEXT,
    /** Tokens of the prompt, as the reply reports them. */
    PROMPT_TOKENS,
    /** Tokens generated, as the reply reports them. */
    GENERATED_TOKENS,
    /** Why the reply ended. */
    FINISH_REASON,
    /** The host's page files in the working directory at the end. */
    PAGE_FILES,
    /** Resident memory of the process before the sessions, in bytes, after some sessions to warm up. */
    RSS_BEFORE,
    /** Resident memory after them. */
    RSS_AFTER,
    /** Sessions the plugin still knows when all are closed or unreachable. */
    PLUGIN_SESSIONS_LEFT,
    /** How the plugin says that it keeps and attends the KV of the session used last. */
    PLUGIN_MODE,
    /** Bytes of KV that the plugin says it holds for all open sessions. */
    PLUGIN_BYTES,
    /** Bytes that the host would hold for them. */
    HOST_BYTES,
    /** Bytes that the plugin still holds for the session used last, when all are closed. */
    PLUGIN_BYTES_LEFT,
    /** The scheduler's phase in which the plugin says that the session used last is. */
    PLUGIN_PHASE,
    /** Tokens of that session that the plugin says were computed again. */
    PLUGIN_RECOMPUTED,
    /** Tokens of that session that the plugin says were deleted when it was saved. */
    PLUGIN_DELETED,
    /** Tokens of that session that are always attended, as the plugin says. */
    PLUGIN_PINNED,
    /** Sessions that took turns in a conversation, as the plugin counts them. */
    PLUGIN_IDS,
    /** Tokens that session took over from others, as the plugin says. */
    PLUGIN_REUSED,
    /** Kernels that the emulated device launched since the process began, where there is one. */
    DEVICE_LAUNCHES,
    /** How often it selected since then. */
    DEVICE_SELECTIONS,
    /** The exception that ended the scenario. */
    FAILURE
}
