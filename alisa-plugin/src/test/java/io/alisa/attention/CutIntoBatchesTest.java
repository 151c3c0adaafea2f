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

        Outcome(FedSession session, float[][][] outputs) {
            int8 = session.int8Bytes();
            digests = session.digestBytes();
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

    private static Outcome feed(AttentionShape shape, List<Integer> ends) {
        float[][][] outputs = new float[ends.getLast()][][];
        try (FedSession session = new FedSession(shape, KvFormat.INT8, true, new VectorKernels(), Teams.of(2),
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
            return new Outcome(session, outputs);
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
