package io.alisa.compat.clients;

import java.io.File;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import dev.langchain4j.model.language.LanguageModel;
import dev.langchain4j.model.output.Response;

/** Each question is a text of its own to be completed; no conversation. */
final class TextClient implements Client {
    /** Tokens of a question and what comes after it, which the host counts together. */
    static final int MOST_TOKENS = 60;

    private final LanguageModel model;

    TextClient(LanguageModel model) {
        this.model = model;
    }

    /** Jlama's own API, a new session for each text. */
    static TextClient plain(File directory, File pages) {
        AbstractModel model = ModelSupport.loadModel(directory, pages, DType.F32, DType.I8, Optional.empty(),
                Optional.empty());
        return new TextClient(text -> Response.from(
                model.generate(UUID.randomUUID(), PromptContext.of(text), 0f, MOST_TOKENS, (piece, millis) -> {
                }).responseText));
    }

    @Override
    public Answer ask(String question) {
        FirstToken first = new FirstToken();
        String text = model.generate(question).content();
        first.came();
        return new Answer(text, first.nanos());
    }
}
