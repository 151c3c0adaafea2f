package io.alisa.web;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Who may speak: one at a time, in the order they asked. Thread-safe.
 *
 * <p>A fair lock would not do: who waits for it with a limit loses its place whenever it looks up to see whether anybody
 * still wants its reply.
 */
final class Floor {
    private static final long PATIENCE_MILLIS = 500;

    /** The first one speaks. */
    private final Deque<Place> line = new ArrayDeque<>();

    /** A place at the end of the line. */
    Place ask() {
        synchronized (line) {
            Place last = new Place();
            line.add(last);
            callFirst();
            return last;
        }
    }

    /** The floor itself, where nobody speaks or waits. */
    Optional<Place> askIfFree() {
        synchronized (line) {
            return line.isEmpty() ? Optional.of(ask()) : Optional.empty();
        }
    }

    private void callFirst() {
        Place first = line.peek();
        if (first != null) {
            first.turn.countDown();
        }
    }

    /** A place in the line. Closing it leaves the line, or the floor. */
    final class Place implements AutoCloseable {
        private final CountDownLatch turn = new CountDownLatch(1);

        /**
         * Waits until it is this one's turn. Returns false where it gave up, or its thread was interrupted.
         *
         * @param stillWaits asked before it waits, and now and then while it does
         */
        boolean await(BooleanSupplier stillWaits) {
            try {
                boolean called = turn.getCount() == 0;
                while (!called && stillWaits.getAsBoolean()) {
                    called = turn.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                }
                return called;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        @Override
        public void close() {
            synchronized (line) {
                line.remove(this);
                callFirst();
            }
        }
    }
}
