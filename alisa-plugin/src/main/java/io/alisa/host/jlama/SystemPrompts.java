package io.alisa.host.jlama;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;
import io.alisa.cache.PinnedSpans;
import io.alisa.host.Binding;

/**
 * The system messages that prompts were built with lately. A prompt's text does not say where its system message is, but its
 * ids are there to be found: those of the message alone, but for the first and last few, which may run into their
 * neighbours. Thread-safe.
 */
final class SystemPrompts {
    private static final int MOST = 8;
    /** Tokens at either end that may be others in the prompt. */
    private static final int EDGE = 2;

    private final Map<String, EncodedText> texts = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, EncodedText> eldest) {
            return size() > MOST;
        }
    };

    /** A prompt is being built with a system message. */
    synchronized void said(String text) {
        texts.computeIfAbsent(text.strip(), EncodedText::new);
    }

    private synchronized List<EncodedText> lately() {
        return new ArrayList<>(texts.values());
    }

    /** Pins the system messages of a prompt whose first token is at a position. */
    void pin(Binding binding, Tokenizer tokenizer, int start, int... prompt) {
        PinnedSpans messages = in(tokenizer, prompt);
        for (int i = 0; i < messages.spans(prompt.length); i++) {
            binding.pin(start + messages.from(i), start + messages.end(i));
        }
    }

    /** Where system messages are in a prompt. */
    PinnedSpans in(Tokenizer tokenizer, int... prompt) {
        PinnedSpans messages = PinnedSpans.NONE;
        for (EncodedText text : lately()) {
            long[] ids = text.ids(tokenizer);
            int from = find(prompt, ids);
            if (from >= 0) {
                messages = messages.with(from, Math.min(prompt.length, from + ids.length));
            }
        }
        return messages;
    }

    /** Where the ids of a message begin in a prompt; -1 where they are not in it. */
    static int find(int[] prompt, long... ids) {
        int edge = Math.min(EDGE, (ids.length - 1) / 2);
        int wanted = ids.length - 2 * edge;
        for (int at = 0; wanted > 0 && at + wanted <= prompt.length; at++) {
            int same = 0;
            while (same < wanted && prompt[at + same] == ids[edge + same]) {
                same++;
            }
            if (same == wanted) {
                return Math.max(0, at - edge);
            }
        }
        return -1;
    }
}
