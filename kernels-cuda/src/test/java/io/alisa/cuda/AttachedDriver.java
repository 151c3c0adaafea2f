package io.alisa.cuda;

/** A driver that fails like its parent, and answers only threads that are attached. */
final class AttachedDriver extends FaultyDriver {
    private final ThreadLocal<Integer> attached = ThreadLocal.withInitial(() -> 0);

    /** @param callsLeft calls that succeed */
    AttachedDriver(Driver behind, long callsLeft) {
        super(behind, callsLeft);
    }

    /** How often the calling thread is attached: 0 where it uses whatever it used before. */
    int attached() {
        return attached.get();
    }

    @Override
    public Attachment attach() {
        attached.set(attached() + 1);
        boolean done = false;
        try {
            Attachment behind = super.attach();
            done = true;
            return () -> {
                behind.close();
                attached.set(attached() - 1);
            };
        } finally {
            if (!done) {
                attached.set(attached() - 1);
            }
        }
    }

    @Override
    void call() {
        if (attached() == 0 && !isFailing()) {
            throw new AssertionError("the thread is not attached");
        }
        super.call();
    }
}
