package io.alisa.chat;

import java.util.Locale;

/** A message that the model's context cannot take any more. */
final class ContextFull extends UserError {
    ContextFull(int needed, int used, int limit) {
        super(needed >= limit
                ? String.format(Locale.ROOT,
                        "The message is %,d tokens long and the model's context holds %,d;"
                                + " shorten it or choose a model with a longer context (--model)",
                        needed, limit)
                : String.format(Locale.ROOT,
                        "The context is full: the message needs %,d tokens and %,d of %,d are left;"
                                + " send a shorter one, or start afresh with /new keep (keeps the last turns)"
                                + " or /new",
                        needed, Math.max(0, limit - used), limit));
    }
}
