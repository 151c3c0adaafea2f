package io.alisa.chat;

import java.util.Locale;

/** A message that the model's context cannot take any more, in numbers: what to do about it is for each UI to say. */
public final class ContextFull extends UserError {
    private final boolean tooLongForAny;

    private ContextFull(String sentence, boolean tooLongForAny) {
        super(sentence);
        this.tooLongForAny = tooLongForAny;
    }

    ContextFull(int needed, int used, int limit) {
        this(needed >= limit
                ? tooLong(String.format(Locale.ROOT, "%,d", needed), limit)
                : String.format(Locale.ROOT,
                        "The context is full: the message needs %,d tokens and %,d of %,d are left",
                        needed, Math.max(0, limit - used), limit),
                needed >= limit);
    }

    /** A message whose tokens need not be counted to see that it is too long. */
    static ContextFull atLeast(int needed, int limit) {
        return new ContextFull(tooLong(String.format(Locale.ROOT, "at least %,d", needed), limit), true);
    }

    private static String tooLong(String needed, int limit) {
        return String.format(Locale.ROOT, "The message is %s tokens long and the model's context holds %,d", needed,
                limit);
    }

    /** Whether a new conversation could not take the message either. */
    public boolean isTooLongForAny() {
        return tooLongForAny;
    }
}
