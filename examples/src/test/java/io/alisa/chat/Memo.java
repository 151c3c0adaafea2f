package io.alisa.chat;

import java.nio.file.Path;
import java.util.List;

/** The little model that comes with the chat, loaded once for all tests. */
public final class Memo {
    static final Path DIRECTORY = Path.of("models", "memo");

    private static final LoadedModel MODEL = ModelLoader.load(ModelOptions.of(DIRECTORY));

    private Memo() {
    }

    public static LoadedModel model() {
        return MODEL;
    }

    /** The same model with room for fewer tokens. */
    public static LoadedModel withContext(int tokens) {
        return new LoadedModel(DIRECTORY, MODEL.model(), tokens, MODEL.format());
    }

    public static Conversation conversation() {
        return new Conversation(MODEL, List.of());
    }

    static Turn say(Conversation conversation, String text) {
        return conversation.say(text, Sampling.greedy(40), new Recorder());
    }
}
