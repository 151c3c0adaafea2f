package io.alisa.tier;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * A hard cap on bytes, shared by all sessions of the process. Thread-safe.
 *
 * <p>Each session has an account. An account may take whatever is free; when nothing is, one that holds less than its
 * share of the cap may have the others give back what they hold beyond theirs. What {@link MemoryAccount#setIdle idle}
 * accounts hold is for anybody to take: they have no share, and count as free.
 */
public class MemoryBudget {
    /** Who can make an account smaller. */
    public interface Owner {
        /**
         * Frees memory of the account, as far as that is possible, without touching what is in use.
         *
         * @param bytes how much is wanted
         */
        void giveBack(long bytes);
    }

    /** Who can free what idle accounts hold. */
    public interface Reclaimer {
        /**
         * Frees memory of idle accounts.
         *
         * @param bytes how much is wanted
         * @return whether anything was freed
         */
        boolean reclaim(MemoryBudget budget, long bytes);
    }

    private final List<MemoryAccount> accounts = new ArrayList<>();
    private final AtomicLong changes = new AtomicLong();
    private volatile @Nullable Reclaimer reclaimer;
    private long cap;
    private long reserved;
    /** Accounts that are not idle. Kept, for at the cap their share is asked for all the time. */
    private int working;
    /** Of what is reserved: what no account has, see {@link #setAside}. */
    private long aside;
    private long peak;

    public MemoryBudget(long cap) {
        this.cap = cap;
    }

    /** A budget that never says no. */
    public static MemoryBudget unlimited() {
        return new MemoryBudget(Long.MAX_VALUE);
    }

    /** Opens an account. */
    public synchronized MemoryAccount open(Owner owner) {
        MemoryAccount account = new MemoryAccount(this, owner);
        accounts.add(account);
        countWorking();
        return account;
    }

    /** Sets another cap. Where more is held already, nothing more is granted until enough came back. */
    public synchronized void setCap(long bytes) {
        cap = bytes;
        changed();
    }

    public synchronized long cap() {
        return cap;
    }

    /** Bytes that accounts hold now, claimed ones too. */
    public synchronized long reserved() {
        return reserved;
    }

    /** The most that accounts ever held at once. */
    public synchronized long peak() {
        return peak;
    }

    /** Bytes that can be had: those nobody holds, and those of idle accounts. */
    public synchronized long free() {
        return Math.max(0, cap - reserved + idle());
    }

    /** Bytes that nobody holds. */
    public synchronized long unreserved() {
        return Math.max(0, cap - reserved);
    }

    /** Bytes of idle accounts. */
    public synchronized long idle() {
        long bytes = 0;
        for (int i = 0; i < accounts.size(); i++) {
            bytes += accounts.get(i).isIdle() ? accounts.get(i).held() : 0;
        }
        return bytes;
    }

    /** What each account may have at least: an equal part of the cap among those that are not idle. */
    public synchronized long share() {
        return Math.max(0, cap - aside) / Math.max(1, working);
    }

    /**
     * Takes {@code bytes} for what serves all accounts, or nothing where they can't be had. Nobody gives them back but by
     * {@link #giveBackAside}.
     */
    public boolean setAside(long bytes) {
        while (!grantAside(bytes)) {
            if (!reclaim(bytes)) {
                return false;
            }
        }
        return true;
    }

    private synchronized boolean grantAside(long bytes) {
        if (!grant(bytes)) {
            return false;
        }
        aside += bytes;
        return true;
    }

    public synchronized void giveBackAside(long bytes) {
        if (bytes > aside) {
            throw new IllegalArgumentException("Gives back " + bytes + " bytes of " + aside);
        }
        aside -= bytes;
        back(bytes);
    }

    /** Says who frees what idle accounts hold. */
    public void setReclaimer(Reclaimer by) {
        reclaimer = by;
    }

    /**
     * Has idle accounts give back until {@code bytes} are free. Returns whether it is worth asking for them again: something
     * was freed, by whomever.
     */
    boolean reclaim(long bytes) {
        Reclaimer by = reclaimer;
        long missing = missing(bytes);
        if (missing <= 0) {
            return true;
        }
        // without the monitor: it takes those of sessions
        return by != null && (by.reclaim(this, missing) || missing(bytes) <= 0);
    }

    private synchronized long missing(long bytes) {
        return bytes - (cap - reserved);
    }

    /** Nothing is always granted: what is claimed is counted already, and may be taken though the cap is lower now. */
    synchronized boolean grant(long bytes) {
        if (bytes > Math.max(0, cap - reserved)) {
            return false;
        }
        reserved += bytes;
        peak = Math.max(peak, reserved);
        return true;
    }

    /** As much of that as is free. */
    synchronized long grantUpTo(long bytes) {
        long granted = Math.clamp(bytes, 0, Math.max(0, cap - reserved));
        grant(granted);
        return granted;
    }

    synchronized void back(long bytes) {
        reserved -= bytes;
        if (bytes > 0) {
            changed();
        }
    }

    synchronized void close(MemoryAccount account) {
        accounts.remove(account);
        countWorking();
    }

    /** Called whenever an account came, went, or is idle or not any more. */
    final synchronized void countWorking() {
        working = 0;
        for (int i = 0; i < accounts.size(); i++) {
            working += accounts.get(i).isIdle() ? 0 : 1;
        }
        changed();
    }

    /** Says that somebody may get now what could not be had before. */
    final void changed() {
        changes.incrementAndGet();
    }

    /** How often that was so. */
    final long changes() {
        return changes.get();
    }

    /** The accounts that hold more than their share, but for {@code asking}. */
    synchronized List<MemoryAccount> overShare(MemoryAccount asking) {
        List<MemoryAccount> over = new ArrayList<>();
        long share = share();
        for (MemoryAccount account : accounts) {
            if (account != asking && !account.isIdle() && account.held() > share) {
                over.add(account);
            }
        }
        return over;
    }
}
