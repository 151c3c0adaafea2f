package io.alisa.chat;

import java.util.Arrays;

import com.github.tjake.jlama.model.gpt2.GPT2Tokenizer;
import com.github.tjake.jlama.model.llama.LlamaTokenizer;
import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;
import com.github.tjake.jlama.safetensors.tokenizer.TokenizerModel;

/** The alphabet of byte-level vocabularies: every byte is written as one printable letter (GPT-2's table). */
final class ByteLevel {
    private static final String[] LETTERS = new String[256];
    private static final int[] BYTES = new int[512];

    static {
        Arrays.fill(BYTES, -1);
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            int letter = printable ? b : next++;
            LETTERS[b] = String.valueOf((char) letter);
            BYTES[letter] = b;
        }
    }

    private ByteLevel() {
    }

    /** Whether this tokenizer's vocabulary is written in that alphabet. */
    static boolean is(Tokenizer tokenizer) {
        TokenizerModel model = tokenizer.getModel();
        TokenizerModel.PreTokenizer splitter = model.preTokenizer();
        return tokenizer instanceof GPT2Tokenizer
                || (!model.byteFallback && splitter != null
                        && (splitter.isLegacy || "ByteLevel".equals(splitter.type)));
    }

    /** Whether the host writes ASCII in it, too, and changes nothing before. */
    static boolean isOfHost(Tokenizer tokenizer) {
        TokenizerModel model = tokenizer.getModel();
        return (tokenizer instanceof GPT2Tokenizer || (tokenizer instanceof LlamaTokenizer && model.isLegacy()))
                && (model.normalizer() == null || model.normalizer().normalizerItems.isEmpty());
    }

    static String letter(byte b) {
        return LETTERS[b & 0xFF];
    }

    /** The byte a letter stands for, or -1. */
    static int toByte(char letter) {
        return letter < BYTES.length ? BYTES[letter] : -1;
    }
}
