package io.alisa.agent;

import org.jspecify.annotations.Nullable;

/** What is wrong, in one line for the user. */
final class Reason {
    private Reason() {
    }

    /** The first sentence of ours; where there is none the innermost cause, which those around it tell nothing of. */
    static String of(Throwable failure) {
        Throwable reason = failure;
        String sentence = sentence(reason);
        while (sentence == null && reason.getCause() != null) {
            reason = reason.getCause();
            sentence = sentence(reason);
        }
        return (sentence == null ? reason.toString() : sentence).replaceAll("\\R", " ");
    }

    private static @Nullable String sentence(Throwable failure) {
        return failure instanceof IllegalStateException ? failure.getMessage() : null;
    }
}
