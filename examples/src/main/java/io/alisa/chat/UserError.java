package io.alisa.chat;

/** Something the user can put right: one sentence that says what is wrong and how to cure it. */
public class UserError extends RuntimeException {
    private final String sentence;

    public UserError(String sentence) {
        super(sentence);
        this.sentence = sentence;
    }

    public UserError(String sentence, Throwable cause) {
        super(sentence, cause);
        this.sentence = sentence;
    }

    public final String sentence() {
        return sentence;
    }
}
