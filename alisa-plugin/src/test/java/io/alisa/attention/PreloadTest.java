package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is fetched into the cache is what was asked for, and nothing behind it. */
class PreloadTest {
    private static final int LINE = 64;

    private final AttentionTile tile = new AttentionTile(new AttentionShape(1, 1, 4, 0), 1);

    /** Heads of INT8 blocks are whole numbers of 128 bytes, and seldom of 256. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 64, 80, 100, 128})
    void readsAHeadOfABlockAndNothingBehindIt(int headSize) {
        for (KvFormat format : List.of(KvFormat.INT8, KvFormat.F32)) {
            long bytes = new KvLayout(format, 1, headSize).headBytes();
            assertThat(preload(bytes)).as("%s, %s", format, headSize).isNotNaN().isPositive();
        }
    }

    @Test
    void readsEveryLine() {
        float ofOneLine = preload(LINE);
        assertThat(ofOneLine).isPositive();
        for (int lines = 2; lines < 20; lines++) {
            assertThat(preload((long) lines * LINE)).isEqualTo(lines * ofOneLine);
        }
    }

    /** Preloads so many bytes of ones, behind which lies what is not a number. Returns the sum of what was read. */
    private float preload(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes + 4 * LINE, LINE);
            for (long at = 0; at < memory.byteSize(); at += Float.BYTES) {
                memory.set(ValueLayout.JAVA_FLOAT, at, at < bytes ? 1f : Float.NaN);
            }
            new VectorKernels().preload(tile, memory.address(), bytes);
        }
        float sum = 0;
        for (float kept : tile.preloaded) {
            sum += kept;
        }
        return sum;
    }
}
