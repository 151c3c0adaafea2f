package io.alisa.host;

/** Called as a host's cache object for one session comes and goes. */
public interface KvCacheHook {
    /** A cache object was made; nothing is in it. */
    void created(Object kvBuffer);

    /** A prompt is about to come, and the host asks where it is to begin. */
    void begin(Object kvBuffer);

    /** The host closes a cache object: nobody needs it for now. */
    void closed(Object kvBuffer);

    /** The host is about to close all cache objects of a model: nobody needs what they held any more. */
    void modelClosed(Object model);
}
