package io.alisa.cache;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

import io.alisa.memory.OffHeap;

/**
 * The rows of a block behind the last token: what is there is left from tokens that are no more, perhaps another user's, or
 * from another block that lay there.
 */
final class UnusedRows {
    private UnusedRows() {
    }

    /**
     * A copy of a block in which they are zero. The block itself stays as it is, for another session that shares it may use
     * more of it.
     *
     * @param block address of the block
     * @param used  how many tokens it has, from 1 on
     */
    static ByteBuffer cleared(KvLayout layout, long block, int used) {
        MemorySegment copy = MemorySegment.ofArray(new byte[Math.toIntExact(layout.blockBytes())]);
        copy.copyFrom(OffHeap.ALL.asSlice(block, copy.byteSize()));
        clear(layout, copy, used);
        return copy.asByteBuffer();
    }

    private static void clear(KvLayout layout, MemorySegment block, int used) {
        if (layout.format() == KvFormat.BF16) {
            clearRows(block, 0, layout.rowBytes(), used);
            clearRows(block, layout.keyBytes(), layout.rowBytes(), used);
            return;
        }
        for (int kvHead = 0; kvHead < layout.kvHeads(); kvHead++) {
            long head = layout.headAddress(0, kvHead);
            if (layout.format() == KvFormat.F32) {
                clearFloats(layout, block, head, used);
            } else {
                clearInt8(layout, block, head, used);
            }
        }
    }

    /** Keys lie channel by channel. */
    private static void clearFloats(KvLayout layout, MemorySegment block, long head, int used) {
        for (int channel = 0; channel < layout.headSize(); channel++) {
            clearRows(block, head + (long) channel * KvLayout.BLOCK_TOKENS * Float.BYTES, Float.BYTES, used);
        }
        clearRows(block, head + layout.keyBytes(), (long) layout.paddedHeadSize() * Float.BYTES, used);
    }

    private static void clearInt8(KvLayout layout, MemorySegment block, long head, int used) {
        clearRows(block, head, layout.int8Row(0, 1), used);
        clearRows(block, layout.keyScale(head, 0), 1, used);
        clearRows(block, layout.valueScale(head, 0), 1, used);
    }

    /** Sets the last rows to zero, of as many as a block has tokens. */
    private static void clearRows(MemorySegment block, long first, long rowBytes, int used) {
        block.asSlice(first + used * rowBytes, (KvLayout.BLOCK_TOKENS - used) * rowBytes).fill((byte) 0);
    }
}
