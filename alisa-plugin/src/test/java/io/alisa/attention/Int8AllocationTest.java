package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;

import com.sun.management.ThreadMXBean;
import io.alisa.Allocation;
import io.alisa.cache.KvLayout;
import io.alisa.cache.SketchLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** INT8 kernels that have run for a while allocate nothing. */
class Int8AllocationTest {
    private static final int CALLS = 20;
    /** Rounds of {@link #CALLS} until the compiler must have done its work: vectors live on the heap before. */
    private static final int MOST_ROUNDS = 4000;
    private static final int HEAD_SIZE = 64;
    private static final int ROWS = 5;

    private final ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    private final Int8Kernels kernels = new VectorKernels().int8();
    private final float[] meanScores = new float[ROWS];
    private final float[] scores = new float[ROWS * KvLayout.BLOCK_TOKENS];
    private final float[] key = new float[HEAD_SIZE];
    private final float[] value = new float[HEAD_SIZE];

    @Tag(Allocation.TAG)
    @Test
    void kernelsAllocateNothing() {
        assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count allocation");
        for (float softCap : new float[]{0f, 30f}) {
            try (RandomInt8 data = new RandomInt8(new AttentionShape(1, ROWS, HEAD_SIZE, softCap), 1, 1);
                    Arena arena = Arena.ofConfined()) {
                Int8Rows rows = data.gathered(60);
                Int8Rows block = data.block(0, KvLayout.BLOCK_TOKENS);
                QuerySketch query = kernels.querySketch(HEAD_SIZE, ROWS);
                long bytes = arena.allocate(HEAD_SIZE).address();
                long keys = arena.allocate(2L * HEAD_SIZE * KvLayout.BLOCK_TOKENS * Float.BYTES, 64).address();
                long values = keys + (long) HEAD_SIZE * KvLayout.BLOCK_TOKENS * Float.BYTES;
                long sketch = arena.allocate(new SketchLayout(1, HEAD_SIZE).headBytes()).address();
                assertAllocatesNothing("quantise", () -> kernels.quantise(key, 0, HEAD_SIZE, bytes));
                assertAllocatesNothing("attend", () -> kernels.attend(data.tile, rows));
                assertAllocatesNothing("dequantise", () -> kernels.dequantise(rows, HEAD_SIZE, keys, values));
                assertAllocatesNothing("mean", () -> kernels.mean(block, HEAD_SIZE, key, value));
                assertAllocatesNothing("sketch", () -> kernels.sketch(block, HEAD_SIZE, key, sketch));
                assertAllocatesNothing("prepare", () -> kernels.prepare(query, data.tile));
                assertAllocatesNothing("estimate", () -> kernels.estimate(query, sketch, meanScores, 0, 1, scores, 0,
                        KvLayout.BLOCK_TOKENS));
            }
        }
    }

    private void assertAllocatesNothing(String what, Runnable call) {
        long allocated = Long.MAX_VALUE;
        for (int round = 0; allocated != 0 && round < MOST_ROUNDS; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).as("bytes of %s calls of %s", CALLS, what).isZero();
    }
}
