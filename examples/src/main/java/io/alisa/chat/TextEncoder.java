package io.alisa.chat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;
import com.github.tjake.jlama.safetensors.tokenizer.TokenizerModel;

/**
 * Text to token ids. For byte-level vocabularies the host's tokenizer treats code points as if they were bytes, so that
 * text which is not ASCII arrives garbled or not at all; here its UTF-8 bytes are merged instead. So is ASCII, where that
 * gives what the host gives: its own way takes the square of the length of a word. All else goes to the host.
 */
final class TextEncoder {
    private final AbstractModel model;
    private final Tokenizer tokenizer;
    private final TokenizerModel vocabulary;
    private final boolean byteLevel;
    private final boolean asciiToo;
    private final int longestToken;

    TextEncoder(AbstractModel model) {
        this.model = model;
        this.tokenizer = model.getTokenizer();
        this.vocabulary = tokenizer.getModel();
        this.byteLevel = ByteLevel.is(tokenizer);
        this.asciiToo = byteLevel && ByteLevel.isOfHost(tokenizer);
        this.longestToken = vocabulary.vocabLookup.keySet().stream().mapToInt(String::length).max().orElse(1);
    }

    /** The ids of a text that goes on from earlier text. */
    TokenList encode(String text) {
        if (!isMergedHere(text)) {
            return ofHost(text);
        }
        TokenList ids = new TokenList();
        Pattern added = vocabulary.addedTokenPattern();
        int from = 0;
        if (added != null) {
            Matcher matcher = added.matcher(text);
            while (matcher.find()) {
                encodePlain(text.substring(from, matcher.start()), ids);
                ids.add(Math.toIntExact(id(matcher.group())));
                from = matcher.end();
            }
        }
        encodePlain(text.substring(from), ids);
        return ids;
    }

    /** Not more ids than a text of so many characters has: those it has if each were the longest one there is. */
    int fewestTokens(int characters) {
        return Math.ceilDiv(characters, longestToken);
    }

    /** The ids of a text that begins a context: with the model's BOS, if the host gives it one. */
    TokenList opening(String text) {
        TokenList ids = encode(text);
        TokenList opened = TokenList.of(model.encodePrompt(PromptContext.of("")));
        if (opened.size() > 0 && opened.isPrefixOf(ids)) {
            return ids;
        }
        opened.addAll(ids);
        return opened;
    }

    private void encodePlain(String text, TokenList ids) {
        if (text.isEmpty()) {
            return;
        }
        if (!isMergedHere(text)) {
            ids.addAll(ofHost(text));
            return;
        }
        TokenizerModel.PreTokenizer splitter = vocabulary.preTokenizer();
        for (String piece : splitter == null ? List.of(text) : splitter.pretokenize(text)) {
            mergeBytes(piece, ids);
        }
    }

    private void mergeBytes(String piece, TokenList ids) {
        StringBuilder letters = new StringBuilder();
        for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
            letters.append(ByteLevel.letter(b));
        }
        for (String part : BytePairs.merge(letters.toString(), vocabulary.merges)) {
            ids.add(Math.toIntExact(id(part)));
        }
    }

    private long id(String token) {
        Long id = vocabulary.vocabLookup.get(token);
        if (id == null) {
            throw new UserError("The model's vocabulary has no token for '" + token
                    + "'; leave that character out or use another model");
        }
        return id;
    }

    private boolean isMergedHere(String text) {
        return byteLevel && (asciiToo || !isAscii(text));
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    private TokenList ofHost(String text) {
        return TokenList.of(Arrays.stream(tokenizer.encode(text)).mapToInt(Math::toIntExact).toArray());
    }
}
