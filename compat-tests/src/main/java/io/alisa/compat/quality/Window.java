package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** A piece of a text: a prompt that is read at once, and the tokens after it, which are decoded one by one. */
final class Window {
    /** No text has more letters to a token than this, by far. */
    private static final int LETTERS_PER_TOKEN = 8;

    private final int prompt;
    /** Prompt, decoded tokens, and one more that the last step has to predict. */
    private final int[] tokens;

    Window(int prompt, int[] tokens) {
        this.prompt = prompt;
        this.tokens = tokens;
    }

    /** Cuts windows that don't overlap, evenly spread over the text; each begins with a line. */
    static List<Window> cut(EvaluationText text, int count, int prompt, int decoded,
            Function<String, int[]> tokenizer) {
        int size = prompt + decoded + 1;
        List<Window> windows = new ArrayList<>();
        int share = text.content().length() / count;
        for (int i = 0; i < count; i++) {
            String slice = text.content().substring(i * share, i * share + Math.min(share, LETTERS_PER_TOKEN * size));
            String lines = i == 0 ? slice : slice.substring(slice.indexOf('\n') + 1);
            int[] tokens = tokenizer.apply(Turns.BEGIN + lines.stripLeading());
            if (tokens.length < size) {
                throw new QualityException("The text " + text.name() + " is too short for " + count + " windows of "
                        + size
                        + " tokens; give a longer one with -Dquality.texts or ask for less with -Dquality.windows");
            }
            windows.add(new Window(prompt, Arrays.copyOf(tokens, size)));
        }
        return windows;
    }

    int steps() {
        return tokens.length - prompt - 1;
    }

    int[] head() {
        return Arrays.copyOf(tokens, prompt);
    }

    /** The token that step {@code i} reads. */
    int read(int i) {
        return tokens[prompt + i];
    }

    /** The token that step {@code i} should predict. */
    int next(int i) {
        return tokens[prompt + i + 1];
    }
}
