package io.alisa.host;

import java.util.function.BooleanSupplier;

/** Waits for what the collector does when it likes. */
public final class Garbage {
    private static final int MOST_COLLECTIONS = 200;

    private Garbage() {
    }

    /** Collects until {@code happened}, a bounded number of times; says whether it did. */
    public static boolean collectUntil(BooleanSupplier happened) {
        for (int i = 0; i < MOST_COLLECTIONS; i++) {
            if (happened.getAsBoolean()) {
                return true;
            }
            System.gc();
            Thread.onSpinWait();
        }
        return happened.getAsBoolean();
    }
}
