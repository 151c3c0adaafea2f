package io.alisa.host.jlama;

import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;
import io.alisa.host.IdentityTable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A text and its ids, which each tokenizer is asked for once: the host's takes time that grows with the square of the text's
 * length. Tokenizers are free to go. Thread-safe.
 */
final class EncodedText {
    private static final Logger LOGGER = LoggerFactory.getLogger("io.alisa");
    private static final long[] NONE = {};

    private final String text;
    private final IdentityTable<long[]> byTokenizer = new IdentityTable<>(gone -> {
    });

    EncodedText(String text) {
        this.text = text;
    }

    /** The ids, not copied; none where the tokenizer can't encode it, which concerns nobody but who said it. */
    long[] ids(Tokenizer tokenizer) {
        long[] known = byTokenizer.get(tokenizer);
        return known == null ? remember(tokenizer, encode(tokenizer)) : known;
    }

    private long[] encode(Tokenizer tokenizer) {
        try {
            return tokenizer.encode(text);
        } catch (RuntimeException e) {
            LOGGER.warn("A system message can't be encoded by itself, so it is not pinned", e);
            return NONE;
        }
    }

    private long[] remember(Tokenizer tokenizer, long... ids) {
        synchronized (byTokenizer) {
            long[] first = byTokenizer.get(tokenizer); // of a thread that encoded it at the same time
            if (first == null) {
                byTokenizer.purge();
                byTokenizer.put(tokenizer, ids);
            }
            return first == null ? ids : first;
        }
    }
}
