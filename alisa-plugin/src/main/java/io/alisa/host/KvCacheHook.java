package io.alisa.host;

/** Called as a host's cache object for one session comes and goes. */
public interface KvCacheHook {
    /** A cache object was made; nothing is in it. */
    void created(Object kvBuffer);

    /** The host closes a cache object: its session's memory is to go. */
    void closed(Object kvBuffer);
}
