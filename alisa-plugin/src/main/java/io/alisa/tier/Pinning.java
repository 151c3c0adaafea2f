package io.alisa.tier;

import io.alisa.memory.Region;

/**
 * Makes memory of this machine such that a device can read it by itself, and knows when it has. Nothing but the speed of
 * copies depends on it, so none of this throws. Used under the session's lock.
 */
public interface Pinning {
    /** Leaves memory as it is. */
    Pinning NONE = new Pinning() {
        @Override
        public long alignment() {
            return Region.ALIGNMENT;
        }

        @Override
        public void pin(long address, long bytes) {
            // ordinary memory does
        }

        @Override
        public void settle() {
            // nobody reads
        }

        @Override
        public void unpin(long address) {
            // it is not pinned
        }
    };

    /** What pinned memory is to be aligned to: no two pieces of it are to share a page. */
    long ALIGNMENT = 4096;

    /** What memory is to be aligned to that is to be pinned. */
    default long alignment() {
        return ALIGNMENT;
    }

    /** Pins memory where that is possible, until {@link #unpin}. */
    void pin(long address, long bytes);

    /** Waits until all has been read that was to be: before what is pinned is overwritten or goes. */
    void settle();

    /** Undoes {@link #pin}, before the memory goes. Without effect where it is not pinned. */
    void unpin(long address);
}
