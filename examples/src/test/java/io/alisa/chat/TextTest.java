package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {
    private static final Tokenizer TOKENIZER = Memo.model().model().getTokenizer();
    private static final TextEncoder ENCODER = Memo.model().encoder();

    @ParameterizedTest
    @ValueSource(strings = {"Where is the lamp? 4821", "  two blanks\n\nand lines\t",
            "caf\u00e9 na\u00efve \u00fc\u00df",
            "\u65e5\u672c\u8a9e and \u0440\u0443\u0441\u0441\u043a\u0438\u0439",
            "\ud83d\ude42\ud83d\udc69\u200d\ud83d\ude80!"})
    void textSurvivesTheTokenizer(String text) {
        assertThat(Detokenizer.text(TOKENIZER, ENCODER.encode(text).toArray())).isEqualTo(text);
    }

    @Test
    void aCharacterComesOutWholeWithItsLastToken() {
        int[] ids = ENCODER.encode("\ud83d\ude42").toArray();
        assertThat(ids).as("tokens of one character").hasSizeGreaterThan(1);
        Detokenizer detokenizer = new Detokenizer(TOKENIZER);
        StringBuilder text = new StringBuilder();
        IntStream.range(0, ids.length - 1).forEach(i -> text.append(detokenizer.accept(ids[i])));
        assertThat(text).isEmpty();
        assertThat(detokenizer.accept(ids[ids.length - 1])).isEqualTo("\ud83d\ude42");
        assertThat(detokenizer.finish()).isEmpty();
    }

    @Test
    void aCharacterCutOffBecomesAReplacement() {
        int[] ids = ENCODER.encode("\u65e5").toArray();
        Detokenizer detokenizer = new Detokenizer(TOKENIZER);
        assertThat(detokenizer.accept(ids[0])).isEmpty();
        assertThat(detokenizer.finish()).isEqualTo("\ufffd");
        assertThat(detokenizer.accept(ENCODER.encode("a").toArray()[0])).isEqualTo("a");
    }

    @Test
    void asciiTextIsEncodedAsTheHostDoes() {
        String text = "<|user|>It's 10 o'clock; where is Alice?<|end|>";
        assertThat(ENCODER.encode(text).toArray())
                .isEqualTo(hostIds(text));
    }

    @Test
    void specialTokensBesideOtherTextStayTokens() {
        int[] ids = ENCODER.encode("<|user|>caf\u00e9<|end|>").toArray();
        assertThat(ids[0]).isEqualTo(2);
        assertThat(ids[ids.length - 1]).isEqualTo(1);
        assertThat(Detokenizer.text(TOKENIZER, ids)).isEqualTo("caf\u00e9");
    }

    @Test
    void ourMergesAreTheHostsOnAsciiText() {
        // The accent sends the text our way; what is in front of it must come out as the host would have it.
        String ascii = "The gate code of Alice is 4821.";
        assertThat(TokenList.of(hostIds(ascii)).isPrefixOf(ENCODER.encode(ascii + " \u00e9"))).isTrue();
    }

    @Test
    void anyAsciiTextIsEncodedAsTheHostDoes() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 200; i++) {
            String text = ascii(random, 60);
            assertThat(ENCODER.encode(text).toArray()).as(text).isEqualTo(hostIds(text));
        }
    }

    /** Words of the model's, blanks, and any other character. */
    private static String ascii(SplittableRandom random, int many) {
        List<String> words = List.of("the", " remember", "\n", "  ", "<|end|>", "Alice", "'s");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < many; i++) {
            text.append(random.nextBoolean()
                    ? words.get(random.nextInt(words.size()))
                    : Character.toString(random.nextInt(128)));
        }
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "caf\u00e9 \ud83d\ude42", "remember", "<|assistant|>", "<|assistant|>!"})
    void noTextHasFewerTokensThanItsLengthSays(String text) {
        assertThat(ENCODER.fewestTokens(text.length())).isLessThanOrEqualTo(ENCODER.encode(text).size());
    }

    /** A word is one piece of text to the rule. */
    @ParameterizedTest
    @ValueSource(strings = {"", "\u00e9"})
    void aWordMayBeLong(String begin) {
        String text = begin + "theremember".repeat(10_000);
        assertThat(Detokenizer.text(TOKENIZER, ENCODER.encode(text).toArray())).isEqualTo(text);
    }

    private static int[] hostIds(String text) {
        return Arrays.stream(TOKENIZER.encode(text)).mapToInt(Math::toIntExact).toArray();
    }
}
