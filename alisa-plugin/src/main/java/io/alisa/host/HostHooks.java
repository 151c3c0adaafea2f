package io.alisa.host;

/** The hooks of one host, all served by the same adapter. */
public interface HostHooks extends AttentionHook, ForwardHook, LoopHook, KvCacheHook, TokenHook, SaveHook {
    /** What {@code explain()} says of this host: its name, version and what was chosen. */
    String describe();
}
