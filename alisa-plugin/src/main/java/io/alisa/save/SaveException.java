package io.alisa.save;

import java.io.IOException;

import org.jspecify.annotations.Nullable;

/** A file that can't be restored. The message is one sentence for the user: what is wrong, and what to do. */
public final class SaveException extends IOException {
    private static final long serialVersionUID = 1;

    public SaveException(String sentence) {
        super(sentence);
    }

    public SaveException(String sentence, @Nullable Throwable cause) {
        super(sentence, cause);
    }
}
