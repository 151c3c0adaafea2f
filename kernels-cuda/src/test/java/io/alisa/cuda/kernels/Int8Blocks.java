package io.alisa.cuda.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

import io.alisa.attention.Int8Kernels;
import io.alisa.attention.ScalarKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;

/** Full INT8 blocks of random keys and values, quantised by the plugin's reference, each at an address of its own. */
final class Int8Blocks {
    static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final int ALIGNMENT = 128;
    private static final Int8Kernels KERNELS = new ScalarKernels().int8();

    final KvLayout layout;
    final int count;
    /** Addresses; tests may set some to 0. */
    final long[] addresses;
    final MemorySegment table;

    Int8Blocks(Arena arena, Random random, int kvHeads, int headSize, int count) {
        this.layout = new KvLayout(KvFormat.INT8, kvHeads, headSize);
        this.count = count;
        this.addresses = new long[count];
        this.table = arena.allocate(Math.max(1, count) * (long) Long.BYTES, Long.BYTES);
        float[] row = new float[headSize];
        for (int block = 0; block < count; block++) {
            addresses[block] = arena.allocate(layout.blockBytes(), ALIGNMENT).address();
            for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                long head = layout.headAddress(addresses[block], kvHead);
                for (int token = 0; token < TOKENS; token++) {
                    fill(row, random);
                    long at = layout.int8Row(head, token);
                    OffHeap.setByte(layout.keyScale(head, token), KERNELS.quantise(row, 0, headSize, at));
                    fill(row, random);
                    at += KvLayout.int8RowBytes(headSize);
                    OffHeap.setByte(layout.valueScale(head, token), KERNELS.quantise(row, 0, headSize, at));
                }
            }
            place(block, addresses[block]);
        }
    }

    /** Rows of various magnitudes. */
    private static void fill(float[] row, Random random) {
        double magnitude = Math.exp(0.7 * random.nextGaussian());
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (magnitude * random.nextGaussian());
        }
    }

    /** Puts an address into the table: 0 for a block that is not on the device. */
    void place(int block, long address) {
        table.setAtIndex(ValueLayout.JAVA_LONG, block, address);
    }

    boolean isPlaced(int block) {
        return table.getAtIndex(ValueLayout.JAVA_LONG, block) != 0;
    }

    double key(int block, int kvHead, int token, int channel) {
        long head = layout.headAddress(addresses[block], kvHead);
        return ScaleCode.decode(OffHeap.getByte(layout.keyScale(head, token)))
                * (double) OffHeap.getByte(layout.int8Row(head, token) + channel);
    }

    double value(int block, int kvHead, int token, int channel) {
        long head = layout.headAddress(addresses[block], kvHead);
        return ScaleCode.decode(OffHeap.getByte(layout.valueScale(head, token)))
                * (double) OffHeap.getByte(
                        layout.int8Row(head, token) + KvLayout.int8RowBytes(layout.headSize()) + channel);
    }
}
