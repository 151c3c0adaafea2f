package io.alisa.chat;

/** Something the user can put right: one sentence that says what is wrong and how to cure it. */
class UserError extends RuntimeException {
    private final String sentence;

    UserError(String sentence) {
        super(sentence);
        this.sentence = sentence;
    }

    UserError(String sentence, Throwable cause) {
        super(sentence, cause);
        this.sentence = sentence;
    }

    final String sentence() {
        return sentence;
    }
}
