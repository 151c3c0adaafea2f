package io.alisa.compat.tiny;

import java.util.Locale;

/** The decoder families the host knows; BERT, its one encoder, is {@link TinyBert}. */
public enum Family {
    LLAMA, MISTRAL, MIXTRAL, QWEN2, GEMMA, GEMMA2, GRANITE, GPT2;

    /** The {@code model_type} in {@code config.json}. */
    String modelType() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the output layer reuses the input embedding: the host gives these families no other choice. */
    boolean tiedEmbeddings() {
        return this == GEMMA || this == GEMMA2 || this == GPT2;
    }

    /** Gemma's norms multiply by one plus the stored weight. */
    boolean normPlusOne() {
        return this == GEMMA || this == GEMMA2;
    }
}
