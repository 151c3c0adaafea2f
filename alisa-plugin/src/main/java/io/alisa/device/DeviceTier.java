package io.alisa.device;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;

/**
 * A device as the fastest tier of all sessions: it holds copies of sealed blocks as long as there is room. First come,
 * first served; a session that idles gives up its copies when another wants room. When the device fails, all sessions
 * go on without it.
 *
 * <p>Thread-safe.
 */
public final class DeviceTier {
    /** A session idles when it did no step while the sessions there are did so many each, about. */
    private static final int IDLE_STEPS = 8;

    private final Device device;
    private final MemoryBudget budget;
    private final Consumer<String> warning;
    private final List<DeviceSession> sessions = new ArrayList<>();
    private volatile boolean lost;
    private boolean closed;
    /** Sessions that are being opened: they use the device before they are among the others. */
    private int opening;
    /** Steps of all sessions. */
    private long steps;
    /** Changes whenever somebody gives room back. */
    private final AtomicLong releases = new AtomicLong();

    /**
     * @param budget  what the device was opened with
     * @param warning is told, once, when the device fails
     */
    public DeviceTier(Device device, MemoryBudget budget, Consumer<String> warning) {
        this.device = device;
        this.budget = budget;
        this.warning = warning;
    }

    /**
     * Serves a session, until it is closed.
     *
     * @param lock held by whoever uses the session's layers
     * @return null where the device can't: it does not know the shape, or is lost; where it has no room the session uses it as
     *         soon as it has
     */
    public @Nullable DeviceSession open(DeviceShape shape, int layers, int maxBlocks, Lock lock) {
        if (!beginOpening()) {
            return null;
        }
        try {
            DeviceKv kv = device.serves(shape) ? device.prepareKv(shape, layers, maxBlocks) : null;
            return kv == null
                    ? null
                    : begin(new DeviceSession(this, kv, shape, layers, maxBlocks, device.leastBytes(), lock));
        } catch (DeviceLostException e) {
            lose(e);
            return null;
        } finally {
            endOpening();
        }
    }

    /** Returns null where the device was lost meanwhile. */
    private @Nullable DeviceSession begin(DeviceSession session) {
        boolean begun = false;
        try {
            session.open();
            begun = true;
        } finally {
            if (!begun) {
                session.close();
            }
        }
        return register(session);
    }

    private synchronized boolean beginOpening() {
        if (lost) {
            return false;
        }
        opening++;
        return true;
    }

    private void endOpening() {
        synchronized (this) {
            opening--;
        }
        closeIfUnused();
    }

    /** Returns null where the device was lost meanwhile. */
    private @Nullable DeviceSession register(DeviceSession session) {
        synchronized (this) {
            if (!lost) {
                sessions.add(session);
                session.used(steps);
                return session;
            }
        }
        session.close();
        return null;
    }

    /** What the device is, and what is held of its memory. */
    public String describe() {
        return device.describe();
    }

    /** What all sessions hold on the device, and may hold. */
    public MemoryBudget budget() {
        return budget;
    }

    /** Whether the device failed: nobody uses it any more. */
    public boolean isLost() {
        return lost;
    }

    Device device() {
        return device;
    }

    long releases() {
        return releases.get();
    }

    synchronized void step(DeviceSession session) {
        session.used(++steps);
    }

    /** Has the session that idles longest give up what it can do without. Returns false where none has anything of that. */
    boolean makeRoom(DeviceSession asking) {
        for (DeviceSession idle : idle(asking)) {
            if (idle.tryGiveBack()) {
                return true;
            }
        }
        return false;
    }

    private synchronized List<DeviceSession> idle(DeviceSession asking) {
        long since = steps - (long) IDLE_STEPS * sessions.size();
        return sessions.stream()
                .filter(session -> session != asking && session.lastUsed() < since && session.bytes() > 0)
                .sorted(Comparator.comparingLong(DeviceSession::lastUsed)).toList();
    }

    void released() {
        releases.incrementAndGet();
    }

    /** Says that the device failed. */
    void lose(DeviceLostException reason) {
        List<DeviceSession> all;
        synchronized (this) {
            if (lost) {
                return;
            }
            lost = true;
            all = List.copyOf(sessions);
        }
        warning.accept(device.describe() + " is not used any more: " + reason.getMessage()
                + ". Its sessions go on on the CPU, with the same results");
        all.forEach(DeviceSession::tryClose); // one in the middle of something finds out by itself
        closeIfUnused();
    }

    void closed(DeviceSession session) {
        synchronized (this) {
            sessions.remove(session);
            releases.incrementAndGet();
        }
        closeIfUnused();
    }

    private void closeIfUnused() {
        synchronized (this) {
            if (!lost || closed || opening > 0 || !sessions.isEmpty()) {
                return;
            }
            closed = true;
        }
        device.close();
    }
}
