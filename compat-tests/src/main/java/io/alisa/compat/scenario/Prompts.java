package io.alisa.compat.scenario;

import java.util.Arrays;
import java.util.SplittableRandom;

import com.github.tjake.jlama.model.AbstractModel;

/**
 * The prompt of a session: the scenario's text, or random tokens of the scenario's length, the same in all scenarios with that
 * model and length.
 */
final class Prompts {
    /** Below are the special tokens. */
    private static final int FIRST_WORD = 3;

    private Prompts() {
    }

    static int[] of(Scenario scenario, AbstractModel model, int session) {
        if (!scenario.text().isEmpty()) {
            return Arrays.stream(model.getTokenizer().encode(scenario.text())).mapToInt(Math::toIntExact)
                    .toArray();
        }
        return random(scenario.model().getFileName().toString().hashCode() + 31L * scenario.prompt() + session,
                scenario.prompt(), model.getConfig().vocabularySize);
    }

    static int[] random(long seed, int length, int vocab) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] tokens = new int[length];
        for (int i = 0; i < length; i++) {
            tokens[i] = random.nextInt(FIRST_WORD, vocab);
        }
        return tokens;
    }
}
