package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

import com.github.tjake.jlama.safetensors.prompt.PromptSupport;
import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;
import com.github.tjake.jlama.safetensors.tokenizer.TokenizerModel;
import io.alisa.host.Garbage;
import org.junit.jupiter.api.Test;

class SystemPromptsTest {
    /** An id per letter, and no capitals. Counts what it is asked for. */
    private static final class Letters implements Tokenizer {
        private int encoded;

        @Override
        public long[] encode(String text) {
            encoded++;
            if (!text.toLowerCase(Locale.ROOT).equals(text)) {
                throw new IllegalArgumentException("I don't know capitals");
            }
            return text.chars().asLongStream().toArray();
        }

        @Override
        public List<String> tokenize(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String decode(long id) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String decode(long[] ids) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<PromptSupport> promptSupport() {
            return Optional.empty();
        }

        @Override
        public TokenizerModel getModel() {
            throw new UnsupportedOperationException();
        }
    }

    private static final int[] PROMPT = "xx be brief. who is tom?".chars().toArray();

    private final SystemPrompts prompts = new SystemPrompts();

    /** How many tokens of a prompt are pinned. */
    private int pinned(Tokenizer tokenizer) {
        return prompts.in(tokenizer, PROMPT).count(PROMPT.length);
    }

    /** What the host's tokenizer takes for a long message would be added to the time to each first token. */
    @Test
    void aMessageIsEncodedOncePerTokenizer() {
        Letters first = new Letters();
        Letters second = new Letters();
        prompts.said(" be brief. ");
        prompts.said("another one");
        for (int i = 0; i < 5; i++) {
            assertThat(pinned(first)).isEqualTo(9);
            prompts.said("be brief.");
        }
        assertThat(first.encoded).isEqualTo(2);
        assertThat(pinned(second)).isEqualTo(9);
        assertThat(second.encoded).isEqualTo(2);
    }

    @Test
    void aMessageThatCannotBeEncodedConcernsNobodyElse() {
        Letters letters = new Letters();
        prompts.said("SHOUT");
        prompts.said("be brief.");
        assertThat(pinned(letters)).isEqualTo(9);
        assertThat(pinned(letters)).isEqualTo(9);
        assertThat(letters.encoded).as("nor is it tried again").isEqualTo(2);
    }

    @Test
    void aTokenizerIsFreeToGo() {
        prompts.said("be brief.");
        WeakReference<Tokenizer> gone = new WeakReference<>(pinnedBy(new Letters()));
        assertThat(Garbage.collectUntil(() -> gone.get() == null)).as("collected").isTrue();
    }

    private Tokenizer pinnedBy(Tokenizer tokenizer) {
        assertThat(pinned(tokenizer)).isEqualTo(9);
        return tokenizer;
    }

    @Test
    void aMessageIsFoundWhateverItsEndsRunInto() {
        int[] prompt = {1, 2, 90, 4, 5, 6, 7, 91, 9, 10};
        assertThat(SystemPrompts.find(prompt, 3, 4, 5, 6, 7, 8)).isEqualTo(2);
        assertThat(SystemPrompts.find(prompt, 90, 4, 5, 6, 7, 91)).isEqualTo(2);
        assertThat(SystemPrompts.find(prompt, 5)).isEqualTo(4);
        assertThat(SystemPrompts.find(prompt, 1, 2, 90)).isZero();
        assertThat(SystemPrompts.find(prompt, 0, 0, 1, 2, 90)).as("its beginning is cut off").isZero();
    }

    @Test
    void otherTextIsNotFound() {
        int[] prompt = {1, 2, 3, 4, 5, 6, 7};
        assertThat(SystemPrompts.find(prompt, 3, 4, 6, 5, 7, 8)).isNegative();
        assertThat(SystemPrompts.find(prompt)).isNegative();
        assertThat(SystemPrompts.find(new int[0], 1)).isNegative();
        assertThat(SystemPrompts.find(prompt, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)).isNegative();
    }
}
