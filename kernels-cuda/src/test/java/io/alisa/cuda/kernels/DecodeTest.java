package io.alisa.cuda.kernels;

import java.lang.foreign.Arena;
import java.util.Random;

import io.alisa.cuda.emulation.EmulatedKernels;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dense and gathered decode over INT8 blocks. */
class DecodeTest {
    private static final long SEED = 20261121;

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 80, 96, 128, 256})
    void servesEveryHeadSize(int headSize) {
        dense(headSize, 2, 2, 4, 5, 3, 1, 0);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 3", "7, 1", "8, 2", "9, 2", "16, 2"})
    void sharesReadsAmongGroupsOfAnySize(int rows, int kvHeads) {
        dense(64, 1, kvHeads, rows, 3, 2, 1, 0);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "3, 3", "37, 5", "70, 2", "40, 12", "40, 13", "70, 29", "30, 30", "40, 34"})
    void splitsAnyNumberOfBlocks(int blocks, int splits) {
        dense(32, 1, 1, 3, blocks, splits, 1, 0);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.5, 0.9})
    void leavesOutBlocksThatAreNotOnTheDevice(double present) {
        dense(64, 3, 2, 2, 9, 4, present, 0);
        gathered(64, 2, 2, 2, 9, 4, present, 0.4, 0);
    }

    @ParameterizedTest
    @ValueSource(floats = {1, 5, 50})
    void capsScores(float softCap) {
        dense(96, 1, 2, 4, 4, 2, 1, softCap);
        gathered(96, 1, 2, 4, 4, 2, 1, 0.3, softCap);
    }

    @ParameterizedTest
    @CsvSource({"32, 0.2", "64, 0.2", "80, 0.2", "96, 0.2", "128, 0.2", "256, 0.2", "64, 0", "64, 0.003", "64, 0.02",
            "64, 0.9", "64, 1"})
    void gathersWhatIsSelected(int headSize, double probability) {
        gathered(headSize, 2, 2, 4, 7, 3, 1, probability, 0);
    }

    @Test
    void gathersOverManyRoundsOfBlocks() {
        gathered(32, 1, 1, 2, 150, 1, 0.9, 0.1, 0);
        gathered(32, 1, 1, 9, 600, 2, 1, 0.01, 0);
        gathered(32, 1, 1, 1, 257, 1, 1, 1, 0);
        gathered(32, 1, 1, 1, 900, 1, 1, 0.0005, 0);
        gathered(256, 1, 1, 3, 300, 1, 1, 0.02, 0);
    }

    @ParameterizedTest
    @CsvSource({"20, 1", "33, 1", "64, 0.3", "100, 1", "160, 0.2", "255, 1"})
    void servesOtherHeadSizesInFloats(int headSize, double probability) {
        try (Arena arena = Arena.ofConfined()) {
            AttendRun run = new AttendRun(arena, new Random(SEED), 2, 2, 3, headSize, 5, 3, 0);
            Int8Sequences kv = Int8Sequences.fill(run, 0.8);
            if (probability < 1) {
                run.select(probability);
            }
            run.launch("alisa_attend_int8_any", 3, run.kvHeads * run.rows, true);
            run.check(kv);
        }
    }

    @Test
    void joinsInALaunchOfItsOwn() {
        try (Arena arena = Arena.ofConfined()) {
            AttendRun run = new AttendRun(arena, new Random(SEED), 2, 2, 5, 64, 8, 7, 0);
            Int8Sequences kv = Int8Sequences.fill(run, 1);
            run.launch("alisa_decode_int8_h64", 7, 2, false);
            EmulatedKernels.orSkip().launch("alisa_join", run.kvHeads * run.rows, run.sequences,
                    1, AttendRun.THREADS, 0, run.parameters(true));
            run.check(kv);
        }
    }

    private static void dense(int headSize, int sequences, int kvHeads, int rows, int blocks, int splits,
            double present, float softCap) {
        inBlocksOfBothSizes("alisa_decode_int8_h", headSize, sequences, kvHeads, rows, blocks, splits, present, null,
                softCap);
    }

    private static void gathered(int headSize, int sequences, int kvHeads, int rows, int blocks, int splits,
            double present, double probability, float softCap) {
        inBlocksOfBothSizes("alisa_gather_int8_h", headSize, sequences, kvHeads, rows, blocks, splits, present,
                probability, softCap);
    }

    private static void inBlocksOfBothSizes(String kernel, int headSize, int sequences, int kvHeads, int rows,
            int blocks, int splits, double present, @Nullable Double probability, float softCap) {
        for (int threads : AttendRun.threads(headSize)) {
            try (Arena arena = Arena.ofConfined()) {
                AttendRun run = new AttendRun(arena, new Random(SEED), sequences, kvHeads, rows, headSize, blocks,
                        splits, softCap);
                Int8Sequences kv = Int8Sequences.fill(run, present);
                if (probability != null) {
                    run.select(probability);
                }
                run.launch(kernel + headSize, splits, kvHeads * ((rows + 7) / 8), true, threads);
                run.check(kv);
            }
        }
    }
}
