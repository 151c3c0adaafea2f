package io.alisa.cache;

import io.alisa.memory.OffHeap;

/**
 * The rows of a block behind the last token: what is there is left from tokens that are no more, perhaps another user's, or
 * from another block that lay there.
 */
final class UnusedRows {
    private UnusedRows() {
    }

    /**
     * Sets them to zero.
     *
     * @param block address of the block
     * @param used  how many tokens it has
     */
    static void clear(KvLayout layout, long block, int used) {
        if (used == KvLayout.BLOCK_TOKENS) {
            return;
        }
        if (layout.format() == KvFormat.BF16) {
            clearRows(block, layout.rowBytes(), used);
            clearRows(block + layout.keyBytes(), layout.rowBytes(), used);
            return;
        }
        for (int kvHead = 0; kvHead < layout.kvHeads(); kvHead++) {
            long head = layout.headAddress(block, kvHead);
            if (layout.format() == KvFormat.F32) {
                clearFloats(layout, head, used);
            } else {
                clearInt8(layout, head, used);
            }
        }
    }

    /** Keys lie channel by channel. */
    private static void clearFloats(KvLayout layout, long head, int used) {
        for (int channel = 0; channel < layout.headSize(); channel++) {
            clearRows(head + (long) channel * KvLayout.BLOCK_TOKENS * Float.BYTES, Float.BYTES, used);
        }
        clearRows(head + layout.keyBytes(), (long) layout.paddedHeadSize() * Float.BYTES, used);
    }

    private static void clearInt8(KvLayout layout, long head, int used) {
        clearRows(head, layout.int8Row(0, 1), used);
        clearRows(layout.keyScale(head, 0), 1, used);
        clearRows(layout.valueScale(head, 0), 1, used);
    }

    /** Sets the last rows to zero, of as many as a block has tokens. */
    private static void clearRows(long first, long rowBytes, int used) {
        OffHeap.ALL.asSlice(first + used * rowBytes, (KvLayout.BLOCK_TOKENS - used) * rowBytes).fill((byte) 0);
    }
}
