package io.alisa.cuda.kernels;

import java.lang.foreign.Arena;
import java.util.Random;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many query rows over INT8 blocks. */
class PrefillTest {
    private static final long SEED = 20261122;

    @ParameterizedTest
    @CsvSource({"32, 1, 3, 1, 1, 0", "64, 70, 5, 2, 1, 0", "64, 64, 4, 4, 0.5, 30", "80, 65, 3, 1, 1, 0",
            "96, 10, 3, 2, 1, 5", "128, 100, 3, 2, 0.7, 0", "256, 40, 3, 1, 1, 0", "256, 32, 2, 2, 0, 0"})
    void attendsAllBlocks(int headSize, int rows, int blocks, int splits, double present, float softCap) {
        try (Arena arena = Arena.ofConfined()) {
            AttendRun run = new AttendRun(arena, new Random(SEED), 2, 2, rows, headSize, blocks, splits, softCap);
            Int8Sequences kv = Int8Sequences.fill(run, present);
            int rowTiles = Math.ceilDiv(rows, headSize > 128 ? 32 : 64);
            run.launch("alisa_prefill_int8_h" + headSize, splits, run.kvHeads * rowTiles, true);
            run.check(kv);
        }
    }
}
