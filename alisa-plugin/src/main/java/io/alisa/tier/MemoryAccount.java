package io.alisa.tier;

import java.util.List;

/**
 * What one session holds of a {@link MemoryBudget}. Reserving and releasing is done by its session's thread; the numbers
 * may be read by any.
 */
public final class MemoryAccount implements AutoCloseable {
    /** How often others are asked: while one gives back, a third may take. */
    private static final int ROUNDS = 4;
    /** How many who have nothing to give a claim asks, on average. */
    private static final int VAIN_ASKS = 4;
    /** Claims in a row that go without asking are at most two to this power: some tokens of a model with many layers. */
    private static final int MOST_VAIN = 6;

    private final MemoryBudget budget;
    private final MemoryBudget.Owner owner;
    private volatile long reserved;
    /** Taken from the budget, but not reserved yet: see {@link #claim}. */
    private volatile long claimed;
    private volatile boolean idle;
    /** What the budget's {@link MemoryBudget#changes} were when a claim failed and nobody had anything to give. */
    private volatile long hopelessAt = -1;
    /** Claims that nobody is asked for, after all who hold too much were asked and gave nothing. */
    private int quietClaims;
    /** How often in a row all gave nothing, at most {@link #MOST_VAIN}. */
    private int vain;
    /** For how much that was, at most: for more everybody is asked at once. */
    private long vainBytes;
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
        budget.countWorking();
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
     * within its own. What was claimed before and not needed goes back.
     *
     * <p>At the cap every layer of every step comes here. Where it failed and nothing changed since, nothing is done. Who
     * holds too much and could not give back may be able to in the next step without a change, so that one is asked again,
     * but the more there are, and the more often in vain, the more rarely: to find that nothing can be given takes long.
     *
     * <p>Call it without holding a session's lock: it takes those of the others.
     */
    public void claim(long bytes) {
        long changes = budget.changes();
        boolean mayAsk = mayAsk(bytes);
        boolean nothingChanged = changes == hopelessAt && bytes >= claimed;
        if (nothingChanged) {
            return;
        }
        long missing = take(bytes);
        while (missing > 0 && budget.reclaim(missing)) {
            missing = take(bytes);
        }
        boolean nobodyGives = isQuiet();
        for (int round = 0; round < ROUNDS && missing > 0 && mayAsk; round++) {
            List<MemoryAccount> others = belowShare() > 0 ? budget.overShare(this) : List.of();
            boolean freed = ask(others, bytes);
            missing = take(bytes);
            mayAsk = freed;
            nobodyGives = !freed;
            if (freed) {
                somebodyGave();
            } else if (!others.isEmpty()) {
                nobodyGave(others.size(), bytes);
            }
        }
        // Idle accounts are as those that hold too much: they may be able to give way in the next step.
        hopelessAt = missing > 0 && nobodyGives && budget.idle() == 0 ? changes : -1;
    }

    /** Has others give back what they owe this account. Returns whether that was anything. */
    private boolean ask(List<MemoryAccount> others, long bytes) {
        boolean freed = false;
        for (MemoryAccount other : others) {
            long owed = Math.min(take(bytes), belowShare());
            long over = -other.belowShare();
            if (owed > 0 && over > 0) {
                long held = other.held();
                other.owner.giveBack(Math.min(owed, over));
                freed |= other.held() < held;
            }
        }
        return freed;
    }

    /** Counts down the claims that nobody is asked for. Returns whether this is none of them. */
    private synchronized boolean mayAsk(long bytes) {
        if (quietClaims == 0) {
            return true;
        }
        if (bytes > vainBytes) { // who could not give a little may be able to give by now, and a lot is needed in earnest
            hopelessAt = -1;
            return true;
        }
        quietClaims--;
        if (quietClaims == 0) {
            hopelessAt = -1; // the next claim asks again
        }
        return false;
    }

    private synchronized boolean isQuiet() {
        return quietClaims > 0;
    }

    /** Notes how many gave nothing: the next claims do not ask them. */
    private synchronized void nobodyGave(int asked, long bytes) {
        vainBytes = Math.max(vainBytes, bytes);
        quietClaims = Math.max(asked / VAIN_ASKS, 1 << vain);
        vain = Math.min(vain + 1, MOST_VAIN);
    }

    private synchronized void somebodyGave() {
        vain = 0;
        vainBytes = 0;
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
