package io.alisa.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

import io.alisa.attention.Int8Kernels;
import io.alisa.attention.ScalarKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cuda.emulation.EmulatedKernels;
import io.alisa.memory.OffHeap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sealing writes the plugin's own bytes. */
class SealTest {
    private static final long SEED = 20261124;
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final float[] AWKWARD = {0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY,
            Float.MIN_VALUE, 1e-30f, -1.2e-7f, 61_000f, 3e38f, -0.5f, 127f, 1.5f};

    @ParameterizedTest
    @CsvSource({"64, 2, 0, 64", "64, 1, 5, 1", "80, 3, 60, 9", "33, 2, 10, 200", "256, 1, 63, 2", "32, 2, 128, 64"})
    void quantisesAsThePluginDoes(int headSize, int kvHeads, int firstToken, int tokens) {
        try (Arena arena = Arena.ofConfined()) {
            KvLayout layout = new KvLayout(KvFormat.INT8, kvHeads, headSize);
            int blocks = KvLayout.blocks(firstToken + tokens);
            MemorySegment actual = arena.allocate(blocks * layout.blockBytes(), 128);
            MemorySegment expected = arena.allocate(blocks * layout.blockBytes(), 128);
            float[][] rows = rows(headSize, kvHeads, tokens);
            launch("alisa_seal", arena, rows, actual.address(), layout.blockBytes(), firstToken, kvHeads, headSize);
            Int8Kernels kernels = new ScalarKernels().int8();
            for (int i = 0; i < tokens; i++) {
                for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                    int at = firstToken + i;
                    long head = layout.headAddress(expected.address() + at / TOKENS * layout.blockBytes(), kvHead);
                    long row = layout.int8Row(head, at % TOKENS);
                    int offset = (i * kvHeads + kvHead) * headSize;
                    OffHeap.setByte(layout.keyScale(head, at % TOKENS),
                            kernels.quantise(rows[0], offset, headSize, row));
                    OffHeap.setByte(layout.valueScale(head, at % TOKENS),
                            kernels.quantise(rows[1], offset, headSize, row + KvLayout.int8RowBytes(headSize)));
                }
            }
            assertThat(actual.mismatch(expected)).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 2, 60, 9", "96, 1, 0, 64"})
    void roundsToHalves(int headSize, int kvHeads, int firstToken, int tokens) {
        try (Arena arena = Arena.ofConfined()) {
            long blockBytes = 4L * headSize * TOKENS * kvHeads;
            MemorySegment actual = arena.allocate(KvLayout.blocks(firstToken + tokens) * blockBytes, 128);
            float[][] rows = rows(headSize, kvHeads, tokens);
            launch("alisa_seal_f16", arena, rows, actual.address(), blockBytes, firstToken, kvHeads, headSize);
            for (int i = 0; i < 2 * tokens * kvHeads * headSize; i++) {
                int value = i % 2;
                int c = i / 2 % headSize;
                int kvHead = i / 2 / headSize % kvHeads;
                int token = i / 2 / headSize / kvHeads;
                int at = firstToken + token;
                long half = at / TOKENS * blockBytes / 2
                        + (2L * (kvHead * TOKENS + at % TOKENS) + value) * headSize + c;
                float x = rows[value][(token * kvHeads + kvHead) * headSize + c];
                assertThat(Float.float16ToFloat(actual.getAtIndex(ValueLayout.JAVA_SHORT, half)))
                        .isEqualTo(Float.float16ToFloat(Float.floatToFloat16(x)));
            }
        }
    }

    /** Keys and values, {@code [tokens][kvHeads][headSize]}. */
    private static float[][] rows(int headSize, int kvHeads, int tokens) {
        Random random = new Random(SEED + headSize);
        float[][] rows = new float[2][tokens * kvHeads * headSize];
        for (float[] all : rows) {
            for (int i = 0; i < all.length; i++) {
                double magnitude = Math.exp(6 * Math.sin(Math.floorDiv(i, headSize)));
                all[i] = random.nextInt(40 * headSize) == 0
                        ? AWKWARD[random.nextInt(AWKWARD.length)]
                        : (float) (magnitude * random.nextGaussian());
            }
        }
        return rows;
    }

    private static void launch(String kernel, Arena arena, float[][] rows, long blocks, long blockBytes,
            int firstToken, int kvHeads, int headSize) {
        int tokens = rows[0].length / kvHeads / headSize;
        int count = KvLayout.blocks(firstToken + tokens);
        MemorySegment table = arena.allocate((long) count * Long.BYTES, Long.BYTES);
        for (int block = 0; block < count; block++) {
            table.setAtIndex(ValueLayout.JAVA_LONG, block, blocks + block * blockBytes);
        }
        MemorySegment parameters = new Structure(arena)
                .pointers(table, arena.allocateFrom(ValueLayout.JAVA_FLOAT, rows[0]),
                        arena.allocateFrom(ValueLayout.JAVA_FLOAT, rows[1]))
                .ints(firstToken, tokens, kvHeads, headSize, kvHeads * headSize, headSize).segment();
        EmulatedKernels.orSkip().launch(kernel, Math.ceilDiv(tokens, 4), kvHeads, 1, 256, 0, parameters);
    }
}
