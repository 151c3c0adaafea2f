package io.alisa.chat;

import java.util.Locale;

/** A message that the model's context cannot take any more, in numbers: what to do about it is for each UI to say. */
public final class ContextFull extends UserError {
    private final boolean tooLongForAny;

    ContextFull(int needed, int used, int limit) {
        super(needed >= limit
                ? String.format(Locale.ROOT, "The message is %,d tokens long and the model's context holds %,d",
                        needed, limit)
                : String.format(Locale.ROOT,
                        "The context is full: the message needs %,d tokens and %,d of %,d are left",
                        needed, Math.max(0, limit - used), limit));
        tooLongForAny = needed >= limit;
    }

    /** Whether a new conversation could not take the message either. */
    public boolean isTooLongForAny() {
        return tooLongForAny;
    }
}
