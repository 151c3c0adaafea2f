package io.alisa.tier;

/**
 * What one session holds of a {@link MemoryBudget}. Reserving and releasing is done by its session's thread; the numbers
 * may be read by any.
 */
public final class MemoryAccount implements AutoCloseable {
    private final MemoryBudget budget;
    private final MemoryBudget.Owner owner;
    private volatile long reserved;
    private boolean closed;

    MemoryAccount(MemoryBudget budget, MemoryBudget.Owner owner) {
        this.budget = budget;
        this.owner = owner;
    }

    /** Takes {@code bytes}, or nothing where they are not free. */
    public synchronized boolean tryReserve(long bytes) {
        if (closed || !budget.grant(bytes)) {
            return false;
        }
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

    /** Bytes of its share that the account does not hold; negative where it holds more. */
    public long belowShare() {
        return budget.share() - reserved;
    }

    public MemoryBudget budget() {
        return budget;
    }

    /**
     * Has accounts that hold more than their share give back enough for {@code bytes} to be free, as far as this account
     * would stay within its own share. Call it without holding a session's lock: it takes those of the others.
     */
    public void claim(long bytes) {
        if (budget.free() >= bytes || belowShare() < bytes) {
            return;
        }
        for (MemoryAccount other : budget.overShare(this)) {
            long missing = bytes - budget.free();
            if (missing > 0) {
                other.owner.giveBack(Math.min(missing, -other.belowShare()));
            }
        }
    }

    /** Gives back everything. Idempotent. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            budget.back(reserved);
            reserved = 0;
            budget.close(this);
        }
    }
}
