package io.alisa.compat.quality;

/** The trained model's conversation format. */
final class Turns {
    static final String BEGIN = "<|begin|>";
    static final String END = "<|end|>";
    static final String ASSISTANT = "<|assistant|>";
    static final String USER = "<|user|>";
    /** What the model answers to anything that is not a question. */
    static final String NOTED = END + ASSISTANT + "Noted." + END;

    private Turns() {
    }

    static String tell(Facts.Fact fact) {
        return USER + "Remember this: " + fact.statement() + NOTED;
    }

    static String ask(Facts.Fact fact) {
        return USER + fact.question() + END + ASSISTANT;
    }
}
