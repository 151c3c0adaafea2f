package io.alisa.tier;

/**
 * What one session holds of a {@link MemoryBudget}. Reserving and releasing is done by its session's thread; the numbers
 * may be read by any.
 */
public final class MemoryAccount implements AutoCloseable {
    /** How often others are asked: while one gives back, a third may take. */
    private static final int ROUNDS = 4;

    private final MemoryBudget budget;
    private final MemoryBudget.Owner owner;
    private volatile long reserved;
    /** Taken from the budget, but not reserved yet: see {@link #claim}. */
    private volatile long claimed;
    private volatile boolean idle;
    /** What the budget's {@link MemoryBudget#changes} were when a claim failed and nobody had anything to give. */
    private volatile long hopelessAt = -1;
    private boolean closed;

    MemoryAccount(MemoryBudget budget, MemoryBudget.Owner owner) {
        this.budget = budget;
        this.owner = owner;
    }

    /**
     * Says whether nobody uses what the account holds. An idle account has no share, what it holds gives way to whatever
     * the others need, and it is given nothing that would have to be taken from another idle one.
     */
    public void setIdle(boolean value) {
        idle = value;
        budget.changed();
    }

    boolean isIdle() {
        return idle;
    }

    /** Takes {@code bytes}, or nothing where they can't be had. What is held by idle accounts is freed for that. */
    public boolean tryReserve(long bytes) {
        while (!reserve(bytes, true)) {
            if (idle || closed || !budget.reclaim(bytes - claimed)) {
                return false;
            }
        }
        return true;
    }

    /** Takes {@code bytes} that nobody holds or has claimed, or nothing: for what can be done without. */
    public boolean reserveSpare(long bytes) {
        return reserve(bytes, false);
    }

    private synchronized boolean reserve(long bytes, boolean claimedToo) {
        long fromClaim = claimedToo ? Math.min(bytes, claimed) : 0;
        if (closed || !budget.grant(bytes - fromClaim)) {
            return false;
        }
        claimed -= fromClaim;
        reserved += bytes;
        return true;
    }

    public synchronized void release(long bytes) {
        if (bytes > reserved) {
            throw new IllegalArgumentException("Gives back " + bytes + " bytes of " + reserved);
        }
        reserved -= bytes;
        budget.back(bytes);
    }

    public long reserved() {
        return reserved;
    }

    /** Bytes that this account keeps from others. */
    long held() {
        return reserved + claimed;
    }

    /** Bytes that can be reserved now; what other idle accounts hold is nothing that an idle one is given. */
    public long available() {
        return beyondClaim() + claimed;
    }

    /** The same without what is claimed for something else. */
    public long beyondClaim() {
        return idle ? budget.unreserved() : budget.free();
    }

    /** Bytes of its share that the account does not hold; negative where it holds more. */
    public long belowShare() {
        return budget.share() - held();
    }

    public MemoryBudget budget() {
        return budget;
    }

    /**
     * Sees to it that {@code bytes} can be reserved later on, whatever others take meanwhile. Where they are not free,
     * idle accounts give way first; then those that hold more than their share give back, as far as this account stays
     * within its own. What was claimed
     * before and not needed goes back. Where it failed and nothing changed since, nothing is done: at the cap every layer of
     * every step comes here.
     *
     * <p>Call it without holding a session's lock: it takes those of the others.
     */
    public void claim(long bytes) {
        long changes = budget.changes();
        if (changes == hopelessAt && bytes >= claimed) {
            return;
        }
        long missing = take(bytes);
        while (missing > 0 && budget.reclaim(missing)) {
            missing = take(bytes);
        }
        for (int round = 0; round < ROUNDS && missing > 0; round++) {
            for (MemoryAccount other : budget.overShare(this)) {
                long owed = Math.min(missing, belowShare());
                if (owed > 0) {
                    other.owner.giveBack(Math.min(owed, -other.belowShare()));
                    missing = take(bytes);
                }
            }
        }
        // Who holds too much or is idle, and could not give back now, may be able to in the next step without a change.
        hopelessAt = missing > 0 && budget.idle() == 0 && budget.overShare(this).isEmpty() ? changes : -1;
    }

    /** Takes what is free of that. Returns how much is missing. */
    private synchronized long take(long bytes) {
        if (closed) {
            return 0;
        }
        if (claimed > bytes) {
            budget.back(claimed - bytes);
            claimed = bytes;
        }
        claimed += budget.grantUpTo(bytes - claimed);
        return bytes - claimed;
    }

    /** Gives back what was claimed and not needed so far. */
    public synchronized void giveUpClaim() {
        budget.back(claimed);
        claimed = 0;
    }

    /** Gives back everything. Idempotent. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            budget.back(held());
            reserved = 0;
            claimed = 0;
            budget.close(this);
        }
    }
}
