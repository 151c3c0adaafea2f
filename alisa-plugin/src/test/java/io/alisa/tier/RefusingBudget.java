package io.alisa.tier;

/** A budget that says no once, as if the memory were gone that moment. */
public final class RefusingBudget extends MemoryBudget {
    private final int at;
    private int calls;

    /** A budget that refuses request number {@code at}. */
    public RefusingBudget(long cap, int at) {
        super(cap);
        this.at = at;
    }

    @Override
    synchronized boolean grant(long bytes) {
        return (bytes == 0 || calls++ != at) && super.grant(bytes);
    }

    @Override
    synchronized long grantUpTo(long bytes) {
        return 0; // nothing is claimed in advance: each piece of memory is asked for when it is needed
    }

    @Override
    boolean reclaim(long bytes) {
        return false; // there is nobody who could give way, and no second try
    }

    /** Requests so far. */
    public synchronized int calls() {
        return calls;
    }
}
