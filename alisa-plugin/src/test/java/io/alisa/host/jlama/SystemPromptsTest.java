package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SystemPromptsTest {
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
