package io.alisa.host;

import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * What we keep for one of the host's cache objects: whether it is ours, its session while it is open, and its token
 * ids, also after it was closed. Guarded by its own monitor.
 */
public final class Binding {
    private final TokenLog tokens = new TokenLog();
    private @Nullable HostSession session;
    private @Nullable UUID id;
    private boolean hostsOwn;
    private boolean replaying;

    /** By which the host knows the cache object; null before it was said. */
    public synchronized @Nullable UUID id() {
        return id;
    }

    public synchronized void setId(UUID hostsId) {
        id = hostsId;
    }

    /** The open session, or null. */
    public synchronized @Nullable HostSession session() {
        return session;
    }

    public synchronized void open(HostSession opened) {
        session = opened;
    }

    /** The host began this one without us, so it goes on without us. */
    public synchronized void leaveToHost() {
        hostsOwn = true;
    }

    public synchronized boolean isHostsOwn() {
        return hostsOwn;
    }

    public TokenLog tokens() {
        return tokens;
    }

    /** Whether token ids are being fed again to rebuild this session, so that they are not recorded twice. */
    public synchronized boolean isReplaying() {
        return replaying;
    }

    public synchronized void setReplaying(boolean value) {
        replaying = value;
    }

    /** Ends the session, if one is open; its token ids stay. Returns it. */
    public synchronized @Nullable HostSession endSession() {
        HostSession ended = session;
        session = null;
        return ended;
    }
}
