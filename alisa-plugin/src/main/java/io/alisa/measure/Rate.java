package io.alisa.measure;

/** Amount per second of something that is repeated for a while: the first part of that only warms up. */
final class Rate {
    private static final double NANOS = 1e9;

    private Rate() {
    }

    /** Something that can be done again and again. */
    interface Work<E extends Exception> {
        void run() throws E;
    }

    /**
     * Repeats {@code work} for about {@code seconds}; the second half of it counts.
     *
     * @param amount what one run does
     */
    static <E extends Exception> double of(double amount, double seconds, Work<E> work) throws E {
        long half = (long) (seconds / 2 * NANOS);
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < half) {
            work.run();
        }
        int runs = 0;
        begun = System.nanoTime();
        long taken;
        do {
            work.run();
            runs++;
            taken = System.nanoTime() - begun;
        } while (taken < half);
        return amount * runs * NANOS / taken;
    }
}
