package io.alisa.compat.tiny;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One {@code tokenizer.json} that all three of the host's BPE tokenizers load: no merges, a token per lower-case
 * letter, digit and punctuation mark, and made-up words for the rest, so that every token has a text of its own.
 */
final class TinyTokenizer {
    static final int BOS = 1;
    static final int EOS = 2;

    /** How the three tokenizers write a space: as it is (Llama), as a lower bar (Gemma), as GPT-2 does. */
    private static final List<String> SPACES = List.of(" ", "\u2581", "\u0120");
    private static final String CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?";

    private TinyTokenizer() {
    }

    static void write(Path directory, int vocab) throws IOException {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("unk_token", "<unk>");
        model.put("byte_fallback", false);
        model.put("vocab", vocabulary(vocab));
        model.put("merges", List.of());
        Json.write(directory.resolve("tokenizer.json"), Map.of("version", "1.0", "model", model));
        Json.write(directory.resolve("tokenizer_config.json"),
                Map.of("bos_token", "<s>", "eos_token", "</s>"));
    }

    private static Map<String, Integer> vocabulary(int size) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (String special : List.of("<unk>", "<s>", "</s>")) {
            ids.put(special, ids.size());
        }
        for (String space : SPACES) {
            ids.put(space, ids.size());
        }
        CHARACTERS.chars().forEach(c -> ids.put(Character.toString(c), ids.size()));
        while (ids.size() < size) {
            ids.put("[" + ids.size() + "]", ids.size());
        }
        return ids;
    }
}
