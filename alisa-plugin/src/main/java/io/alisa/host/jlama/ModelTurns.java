package io.alisa.host.jlama;

import io.alisa.cache.KvSession;
import org.jspecify.annotations.Nullable;

/** One step of a model runs at a time: the host keeps the step at hand in fields that its sessions share. */
final class ModelTurns {
    /** What is done in a turn. */
    @FunctionalInterface
    interface Turn<T extends @Nullable Object, E extends Exception> {
        T take() throws E;
    }

    private ModelTurns() {
    }

    /**
     * Runs {@code turn} while no other turn of the model runs. One of a session that is being saved is waited for outside:
     * who waits for the disk is not to keep the model's other sessions waiting.
     *
     * @param blocks  the model's, on which its turns exclude each other
     * @param session whose turn it is; null: nobody's that could be saved
     */
    static <T extends @Nullable Object, E extends Exception> T take(Object blocks, @Nullable KvSession session,
            Turn<T, E> turn) throws E {
        while (true) {
            if (session != null) {
                session.awaitUser();
            }
            synchronized (blocks) {
                if (session == null || !session.isBeingSavedElsewhere()) { // a save begins in a turn, too
                    return turn.take();
                }
            }
        }
    }
}
