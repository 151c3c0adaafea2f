package io.alisa.host.jlama;

import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import io.alisa.host.IdentityTable;

/**
 * Prompts that tell a conversation from its beginning: those that were built with a system message, or with an answer. Such
 * a prompt does not go on where its session ended, but begins anew, whatever id it comes under. Some clients send every
 * conversation as a whole under one id for as long as they live, langchain4j's streaming model for one.
 *
 * <p>A prompt is known by its text, the very object, which the host makes when it builds the prompt and encodes when it is to
 * be answered. Thread-safe.
 */
final class WholeConversations {
    private final IdentityTable<Boolean> builders = new IdentityTable<>(gone -> {
    });
    private final IdentityTable<Boolean> texts = new IdentityTable<>(gone -> {
    });
    /** Whether this thread encoded such a prompt last. */
    private final ThreadLocal<Boolean> encoded = ThreadLocal.withInitial(() -> false);

    /** A prompt is being built with a message that belongs to a whole conversation. */
    void told(Object builder) {
        remember(builders, builder);
    }

    /** A prompt was built. */
    void built(Object builder, PromptContext prompt) {
        if (builders.get(builder) != null) {
            remember(texts, prompt.getPrompt());
        }
    }

    private static void remember(IdentityTable<Boolean> table, Object key) {
        synchronized (table) {
            if (table.get(key) == null) {
                table.purge();
                table.put(key, true);
            }
        }
    }

    /** A text becomes token ids. */
    void encode(Object text) {
        encoded.set(texts.get(text) != null);
    }

    /** Whether what this thread encoded since it was last asked, and last of all, was such a prompt. */
    boolean takeEncoded() {
        boolean whole = encoded.get();
        encoded.remove();
        return whole;
    }
}
