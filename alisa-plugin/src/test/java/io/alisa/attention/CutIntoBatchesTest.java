package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.alisa.cache.KvFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However the tokens are cut into batches, the same is stored and every query sees the same. */
class CutIntoBatchesTest {
    private static final float ROUNDING = 1e-5f;

    /** What is left behind, and what each position's queries got: {@code [position][kvHead * group + g][channel]}. */
    private static final class Outcome {
        final byte[] int8;
        final byte[] digests;
        final float[][] recent;
        final float[][][] outputs;

        Outcome(FedSession session, float[][][] outputs, boolean rounded) {
            int8 = rounded ? session.int8Bytes() : new byte[0];
            digests = rounded ? session.digestBytes() : new byte[0];
            recent = session.recentFloats();
            this.outputs = outputs;
        }
    }

    @ParameterizedTest
    @CsvSource({"2,4,64,300", "1,3,31,193", "3,1,80,128", "2,2,8,129", "1,8,128,64", "2,1,32,1"})
    void theSameIsStoredAndSeen(int kvHeads, int group, int headSize, int tokens) {
        AttentionShape shape = new AttentionShape(kvHeads, group, headSize, 0);
        Random random = new Random(tokens);
        List<Integer> odd = new ArrayList<>();
        for (int end = 0; end < tokens;) {
            end = Math.min(tokens, end + 1 + random.nextInt(1 + random.nextInt(150)));
            odd.add(end);
        }
        List<Integer> each = new ArrayList<>();
        for (int end = 1; end <= tokens; end++) {
            each.add(end);
        }
        Outcome whole = feed(shape, List.of(tokens));
        for (List<Integer> ends : List.of(odd, each)) {
            Outcome cut = feed(shape, ends);
            assertThat(cut.int8).as("INT8").isEqualTo(whole.int8);
            assertThat(cut.digests).as("digests").isEqualTo(whole.digests);
            assertThat(cut.recent).as("floats").isDeepEqualTo(whole.recent);
            for (int position = 0; position < tokens; position++) {
                for (int row = 0; row < whole.outputs[position].length; row++) {
                    assertThat(cut.outputs[position][row]).as("position %s, row %s", position, row)
                            .containsExactly(whole.outputs[position][row], within(ROUNDING));
                }
            }
        }
    }

    /** Floats: not even the last bit depends on the batch, nor on how many threads there are. */
    @ParameterizedTest
    @CsvSource({"2,4,64,1700", "1,3,31,1100", "3,1,80,600", "1,8,128,520", "2,1,32,513"})
    void floatsAreSeenTheSameToTheBit(int kvHeads, int group, int headSize, int tokens) {
        AttentionShape shape = new AttentionShape(kvHeads, group, headSize, headSize == 80 ? 5 : 0);
        for (AttentionKernels kernels : List.of(new VectorKernels(), new ScalarKernels())) {
            float[][][] whole = feed(shape, KvFormat.F32, kernels, 2, List.of(tokens)).outputs;
            for (int size : new int[]{1, 64, 100, 256}) {
                List<Integer> ends = new ArrayList<>();
                for (int end = size; end < tokens; end += size) {
                    ends.add(end);
                }
                ends.add(tokens);
                float[][][] cut = feed(shape, KvFormat.F32, kernels, size == 100 ? 3 : 1, ends).outputs;
                for (int position = 0; position < tokens; position++) {
                    assertThat(cut[position]).as("position %s in batches of %s", position, size)
                            .isDeepEqualTo(whole[position]);
                }
            }
        }
    }

    private static Outcome feed(AttentionShape shape, List<Integer> ends) {
        return feed(shape, KvFormat.INT8, new VectorKernels(), 2, ends);
    }

    private static Outcome feed(AttentionShape shape, KvFormat format, AttentionKernels kernels, int threads,
            List<Integer> ends) {
        float[][][] outputs = new float[ends.getLast()][][];
        boolean int8 = format == KvFormat.INT8;
        try (FedSession session = new FedSession(shape, format, int8, kernels, Teams.of(threads),
                Tokens.random(shape.headSize(), 1.5, 7))) {
            int start = 0;
            for (int end : ends) {
                session.begin(start, end);
                float[] batch = session.attend();
                session.settle();
                for (int position = start; position < end; position++) {
                    outputs[position] = rows(shape, batch, position - start, end - start);
                }
                start = end;
            }
            return new Outcome(session, outputs, int8);
        }
    }

    private static float[][] rows(AttentionShape shape, float[] batch, int position, int positions) {
        float[][] rows = new float[shape.kvHeads() * shape.groupSize()][shape.headSize()];
        for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
            for (int g = 0; g < shape.groupSize(); g++) {
                System.arraycopy(batch, shape.row(kvHead, position, g, positions) * shape.rowStride(),
                        rows[kvHead * shape.groupSize() + g], 0, shape.headSize());
            }
        }
        return rows;
    }
}
