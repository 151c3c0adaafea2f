package io.alisa.doctor;

import org.jspecify.annotations.Nullable;

/**
 * One thing the doctor looked at.
 *
 * @param mark    how it stands
 * @param subject what was looked at
 * @param text    what was found
 * @param remedy  what to do about it; null where nothing is wrong
 */
record Check(Mark mark, String subject, String text, @Nullable String remedy) {
    /** How a thing stands. */
    enum Mark {
        /** As it should be. */
        OK,
        /** It runs, but something could be better or is not known. */
        WARN,
        /** It can't work this way. */
        FAIL
    }

    static Check ok(String subject, String text) {
        return new Check(Mark.OK, subject, text, null);
    }

    static Check warn(String subject, String text, String remedy) {
        return new Check(Mark.WARN, subject, text, remedy);
    }

    static Check fail(String subject, String text, String remedy) {
        return new Check(Mark.FAIL, subject, text, remedy);
    }
}
