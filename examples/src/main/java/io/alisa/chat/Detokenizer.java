package io.alisa.chat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;
import com.github.tjake.jlama.safetensors.tokenizer.TokenizerModel;

/**
 * Token ids to text, one by one. A character may be spread over several tokens; it comes out with its last one. (The
 * host's own decoding gives each byte of a byte-level token as a character of its own.)
 */
final class Detokenizer {
    private static final Pattern BYTE_TOKEN = Pattern.compile("<0x([0-9A-Fa-f]{2})>");
    private static final String SENTENCEPIECE_BLANK = "\u2581";

    private final TokenizerModel vocabulary;
    private final boolean byteLevel;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private byte[] incomplete = {};

    Detokenizer(Tokenizer tokenizer) {
        this.vocabulary = tokenizer.getModel();
        this.byteLevel = ByteLevel.is(tokenizer);
    }

    /** The text of whole replies. */
    static String text(Tokenizer tokenizer, int[] ids) {
        Detokenizer detokenizer = new Detokenizer(tokenizer);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(detokenizer.accept(id));
        }
        return text.append(detokenizer.finish()).toString();
    }

    /** The text that became complete with this token; special tokens have none. */
    String accept(int id) {
        String token = vocabulary.vocabLookup.inverse().get((long) id);
        if (token == null || vocabulary.isSpecialToken(id)) {
            return "";
        }
        return decode(bytes(token), false);
    }

    /** What is left at the end: a replacement character if the last one was cut off. */
    String finish() {
        String rest = decode(new byte[0], true);
        utf8.reset();
        return rest;
    }

    private byte[] bytes(String token) {
        if (vocabulary.addedTokens().containsKey(token)) {
            return token.getBytes(StandardCharsets.UTF_8);
        }
        if (byteLevel) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int i = 0; i < token.length(); i++) {
                int b = ByteLevel.toByte(token.charAt(i));
                if (b < 0) {
                    return token.getBytes(StandardCharsets.UTF_8);
                }
                bytes.write(b);
            }
            return bytes.toByteArray();
        }
        Matcher single = BYTE_TOKEN.matcher(token);
        return single.matches()
                ? new byte[]{(byte) Integer.parseInt(single.group(1), 16)}
                : token.replace(SENTENCEPIECE_BLANK, " ").getBytes(StandardCharsets.UTF_8);
    }

    private String decode(byte[] bytes, boolean end) {
        ByteBuffer in = ByteBuffer.allocate(incomplete.length + bytes.length).put(incomplete).put(bytes)
                .flip();
        CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
        utf8.decode(in, out, end);
        incomplete = new byte[in.remaining()];
        in.get(incomplete);
        return out.flip().toString();
    }
}
