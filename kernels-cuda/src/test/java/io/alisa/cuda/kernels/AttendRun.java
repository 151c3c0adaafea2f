package io.alisa.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

import io.alisa.cuda.emulation.EmulatedKernels;
import org.jspecify.annotations.Nullable;

/** Launches of the kernels that take {@code AttendParameters}, over several sequences, and what must come out. */
final class AttendRun {
    static final int HEAD = 4;
    static final int THREADS = 128;
    private static final double MOST_NMSE = 1e-7;
    private static final float POISON = -7e33f;

    final Arena arena;
    final Random random;
    final int sequences;
    final int kvHeads;
    final int rows;
    final int headSize;
    final int blockCount;
    final float softCap;
    final int queryStride;
    final int partialCount;
    final MemorySegment blocks;
    final MemorySegment queries;
    final MemorySegment partials;
    final MemorySegment joined;
    final MemorySegment tickets;
    private MemorySegment selected = MemorySegment.NULL;
    private long @Nullable [] words;

    AttendRun(Arena arena, Random random, int sequences, int kvHeads, int rows, int headSize, int blockCount,
            int partialCount, float softCap) {
        this.arena = arena;
        this.random = random;
        this.sequences = sequences;
        this.kvHeads = kvHeads;
        this.rows = rows;
        this.headSize = headSize;
        this.blockCount = blockCount;
        this.partialCount = partialCount;
        this.softCap = softCap;
        this.queryStride = (headSize + 15) / 16 * 16;
        this.blocks = arena.allocate((long) sequences * blockCount * Long.BYTES, Long.BYTES);
        int allRows = sequences * kvHeads * rows;
        this.queries = floats(allRows * queryStride);
        this.partials = floats(allRows * partialCount * partialFloats());
        this.joined = floats(allRows * partialFloats());
        // A row of the grid has one, and as many as splits where these join in groups.
        this.tickets = arena.allocate((long) sequences * kvHeads * rows * (1 + blockCount) * Integer.BYTES,
                Integer.BYTES);
        for (int i = 0; i < allRows * queryStride; i++) {
            float scale = (float) (Math.exp(random.nextGaussian()) / Math.sqrt(headSize));
            queries.setAtIndex(ValueLayout.JAVA_FLOAT, i, scale * (float) random.nextGaussian());
        }
    }

    private MemorySegment floats(int count) {
        MemorySegment segment = arena.allocate((long) count * Float.BYTES, 16);
        for (int i = 0; i < count; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, POISON);
        }
        return segment;
    }

    int partialFloats() {
        return HEAD + (headSize + 3) / 4 * 4;
    }

    /** Attends a token with this probability only. */
    void select(double probability) {
        words = new long[sequences * kvHeads * blockCount];
        selected = arena.allocate((long) words.length * Long.BYTES, Long.BYTES);
        for (int i = 0; i < words.length; i++) {
            for (int bit = 0; bit < 64; bit++) {
                words[i] |= random.nextDouble() < probability ? 1L << bit : 0;
            }
            selected.setAtIndex(ValueLayout.JAVA_LONG, i, words[i]);
        }
    }

    /** Threads of a block of the kernels that decode: they come in two sizes. */
    static List<Integer> threads(int headSize) {
        return List.of(THREADS, headSize <= 80 ? 512 : headSize <= 128 ? 384 : 256);
    }

    /** Launches a kernel that writes the partials from the first on, in small blocks. */
    void launch(String kernel, int splits, int gridY, boolean join) {
        launch(kernel, splits, gridY, join, THREADS);
    }

    /** The same in blocks of that many threads. */
    void launch(String kernel, int splits, int gridY, boolean join, int threads) {
        EmulatedKernels kernels = EmulatedKernels.orSkip();
        kernels.launch(kernel, splits, gridY, sequences, threads,
                kernels.sharedBytes(kernel, headSize, rows, threads),
                parameters(join));
        for (long i = 0; i < tickets.byteSize() / Integer.BYTES; i++) {
            assertThat(tickets.getAtIndex(ValueLayout.JAVA_INT, i)).isZero();
        }
    }

    MemorySegment parameters(boolean join) {
        return new Structure(arena)
                .pointers(blocks, selected, queries, partials, join ? joined : MemorySegment.NULL, tickets)
                .ints(blockCount, blockCount, kvHeads, rows, queryStride, headSize, partialCount, 0)
                .number(softCap).ints(0).segment();
    }

    float[] query(int row) {
        float[] query = new float[headSize];
        MemorySegment.copy(queries, ValueLayout.JAVA_FLOAT, (long) row * queryStride * Float.BYTES, query, 0, headSize);
        return query;
    }

    boolean isSelected(int sequence, int kvHead, int block, int token) {
        return words == null || (words[(sequence * kvHeads + kvHead) * blockCount + block] >>> token & 1) != 0;
    }

    /** Where keys and values come from. */
    interface Rows {
        boolean isPlaced(int sequence, int block);

        double key(int sequence, int block, int kvHead, int token, int channel);

        double value(int sequence, int block, int kvHead, int token, int channel);
    }

    /** Compares the joined partials with double precision. */
    void check(Rows kv) {
        for (int sequence = 0; sequence < sequences; sequence++) {
            for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                for (int row = 0; row < rows; row++) {
                    int index = (sequence * kvHeads + kvHead) * rows + row;
                    Reference reference = new Reference(query(index), headSize, softCap);
                    addAll(reference, kv, sequence, kvHead);
                    checkRow(reference, (long) index * partialFloats(), "row " + index);
                }
            }
        }
    }

    private void addAll(Reference reference, Rows kv, int sequence, int kvHead) {
        double[] key = new double[headSize];
        double[] value = new double[headSize];
        for (int block = 0; block < blockCount; block++) {
            for (int token = 0; token < 64; token++) {
                if (kv.isPlaced(sequence, block) && isSelected(sequence, kvHead, block, token)) {
                    for (int c = 0; c < headSize; c++) {
                        key[c] = kv.key(sequence, block, kvHead, token, c);
                        value[c] = kv.value(sequence, block, kvHead, token, c);
                    }
                    reference.add(key, value);
                }
            }
        }
    }

    private void checkRow(Reference reference, long at, String what) {
        float largest = joined.getAtIndex(ValueLayout.JAVA_FLOAT, at);
        float sum = joined.getAtIndex(ValueLayout.JAVA_FLOAT, at + 1);
        assertThat(joined.getAtIndex(ValueLayout.JAVA_FLOAT, at + 2)).isZero();
        if (reference.count() == 0) {
            assertThat(largest).as(what).isEqualTo(Float.NEGATIVE_INFINITY);
            assertThat(sum).as(what).isZero();
            return;
        }
        // Scores are a sum of headSize products: they are compared in parts of the largest that there could be.
        assertThat((double) largest).as(what).isCloseTo(reference.largest(),
                within(2e-5 * (1 + Math.abs(reference.largest()))));
        assertThat(sum * Math.exp(largest - reference.largest()) / reference.sum()).as(what).isCloseTo(1,
                within(1e-4));
        double[] expected = reference.output();
        double error = 0;
        double signal = 0;
        for (int c = 0; c < headSize; c++) {
            double difference = joined.getAtIndex(ValueLayout.JAVA_FLOAT, at + HEAD + c) / sum - expected[c];
            error += difference * difference;
            signal += expected[c] * expected[c];
        }
        assertThat(error / signal).as(what + ", NMSE").isLessThan(MOST_NMSE);
    }
}
