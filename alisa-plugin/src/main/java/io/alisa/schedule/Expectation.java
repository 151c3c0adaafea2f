package io.alisa.schedule;

/**
 * How long a session is expected to become.
 *
 * @param prompt  tokens that are read at once
 * @param context tokens in the end
 */
public record Expectation(int prompt, int context) {
    public Expectation {
        if (prompt < 0 || context < 1 || prompt >= context) {
            throw new IllegalArgumentException(
                    "A prompt of " + prompt + " tokens leaves nothing to decode in a context of " + context);
        }
    }
}
