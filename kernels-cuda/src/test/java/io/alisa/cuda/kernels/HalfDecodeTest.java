package io.alisa.cuda.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Dense decode over F16 blocks. */
class HalfDecodeTest {
    private static final long SEED = 20261125;
    private static final int TOKENS = 64;

    /** Random halves, a block each: per KV head 64 rows of key and value. */
    private static final class HalfBlocks implements AttendRun.Rows {
        private final AttendRun run;
        private final MemorySegment halves;

        HalfBlocks(AttendRun run, double present) {
            this.run = run;
            long blockBytes = 4L * TOKENS * run.headSize * run.kvHeads;
            halves = run.arena.allocate(blockBytes * run.sequences * run.blockCount, 128);
            for (long i = 0; i < halves.byteSize() / Short.BYTES; i++) {
                halves.setAtIndex(ValueLayout.JAVA_SHORT, i,
                        Float.floatToFloat16((float) (2 * run.random.nextGaussian())));
            }
            for (int i = 0; i < run.sequences * run.blockCount; i++) {
                boolean isPlaced = run.random.nextDouble() < present;
                run.blocks.setAtIndex(ValueLayout.JAVA_LONG, i, isPlaced ? halves.address() + i * blockBytes : 0);
            }
        }

        @Override
        public boolean isPlaced(int sequence, int block) {
            return run.blocks.getAtIndex(ValueLayout.JAVA_LONG, (long) sequence * run.blockCount + block) != 0;
        }

        private double half(int sequence, int block, int kvHead, int row, int channel) {
            long head = ((long) sequence * run.blockCount + block) * run.kvHeads + kvHead;
            return Float.float16ToFloat(
                    halves.getAtIndex(ValueLayout.JAVA_SHORT, (head * 2 * TOKENS + row) * run.headSize + channel));
        }

        @Override
        public double key(int sequence, int block, int kvHead, int token, int channel) {
            return half(sequence, block, kvHead, 2 * token, channel);
        }

        @Override
        public double value(int sequence, int block, int kvHead, int token, int channel) {
            return half(sequence, block, kvHead, 2 * token + 1, channel);
        }
    }

    @ParameterizedTest
    @CsvSource({"32, 4, 5, 2, 1, 0", "64, 1, 9, 4, 0.7, 0", "80, 8, 3, 3, 1, 20", "96, 3, 4, 1, 1, 0",
            "128, 4, 4, 2, 1, 0", "256, 9, 3, 2, 1, 0"})
    void attendsHalves(int headSize, int rows, int blocks, int splits, double present, float softCap) {
        for (int threads : AttendRun.threads(headSize)) {
            try (Arena arena = Arena.ofConfined()) {
                AttendRun run = new AttendRun(arena, new Random(SEED), 2, 2, rows, headSize, blocks, splits, softCap);
                HalfBlocks kv = new HalfBlocks(run, present);
                run.launch("alisa_decode_f16_h" + headSize, splits, run.kvHeads * Math.ceilDiv(rows, 8), true,
                        threads);
                run.check(kv);
            }
        }
    }
}
