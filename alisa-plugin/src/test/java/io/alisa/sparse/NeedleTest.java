package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Formula;
import io.alisa.attention.Teams;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import org.junit.jupiter.api.Test;

/**
 * One token that nobody asks for in thousands of steps, until somebody does: what the default policy is there for, and
 * what the published one can't do.
 */
class NeedleTest {
    private static final int HEAD_SIZE = 64;
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, HEAD_SIZE, 0);
    private static final int NEEDLE = 777;
    private static final int PROMPT = 3000;
    private static final int STEPS = 100;
    private static final int ASKING = PROMPT + STEPS;

    /** A haystack of keys that are orthogonal to the needle; KV head 0 asks for it from {@link #ASKING} on. */
    private static final class Haystack implements Tokens {
        private final Tokens random = Tokens.random(HEAD_SIZE, 1, 1);
        private final float[] direction = Tokens.normal(HEAD_SIZE, 1, 2, 0, 0, 0);

        @Override
        public float[] key(int position, int kvHead) {
            float[] key = across(random.key(position, kvHead));
            return position == NEEDLE && kvHead == 0 ? plus(key, 1) : key;
        }

        @Override
        public float[] value(int position, int kvHead) {
            return random.value(position, kvHead);
        }

        @Override
        public float[] query(int position, int kvHead, int headOfGroup) {
            float length = product(direction, direction);
            return plus(across(random.query(position, kvHead, headOfGroup)),
                    position >= ASKING ? 14 / length : -4 / length);
        }

        private float[] across(float[] x) {
            return plus(x, -product(x, direction) / product(direction, direction));
        }

        private float[] plus(float[] x, float factor) {
            for (int i = 0; i < HEAD_SIZE; i++) {
                x[i] += factor * direction[i];
            }
            return x;
        }

        private static float product(float[] a, float[] b) {
            float sum = 0;
            for (int i = 0; i < HEAD_SIZE; i++) {
                sum += a[i] * b[i];
            }
            return sum;
        }
    }

    private static SparseRun run(String policy) {
        return new SparseRun(policy, new Budget(0.2, 256), SHAPE, KvFormat.INT8, new VectorKernels(), Teams.of(2),
                new Haystack());
    }

    private static void live(SparseRun run) {
        run.prompt(0, PROMPT);
        for (int step = 0; step < STEPS; step++) {
            run.step();
            assertThat(run.selected(0)).as("step %s", step).doesNotContain(NEEDLE);
        }
    }

    @Test
    void theDefaultFindsItInTheStepThatAsks() {
        try (SparseRun run = run("swa")) {
            live(run);
            int[] before = run.selected(0);
            float[] output = run.step();
            assertThat(run.selected(0)).contains(NEEDLE);
            assertThat(before).doesNotContain(NEEDLE);
            assertThat(run.attention.recalled()).isPositive();
            double[] value = new double[HEAD_SIZE];
            float[] said = new float[HEAD_SIZE];
            for (int i = 0; i < HEAD_SIZE; i++) {
                value[i] = new Haystack().value(NEEDLE, 0)[i];
                said[i] = output[i];
            }
            assertThat(Formula.nmse(said, value)).as("what is said is the needle's value").isLessThan(0.01);
        }
    }

    @Test
    void thePublishedPolicyNeverFindsIt() {
        try (SparseRun run = run("swa-paper")) {
            live(run);
            for (int i = 0; i < 5; i++) {
                run.step();
                assertThat(run.selected(0)).as("asked %s times", i).doesNotContain(NEEDLE);
            }
        }
    }
}
