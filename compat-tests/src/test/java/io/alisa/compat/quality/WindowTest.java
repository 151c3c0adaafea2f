package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;

import org.junit.jupiter.api.Test;

class WindowTest {
    private static final String LINE = "abcdefghi\n";

    @Test
    void windowsAreSpreadOverTheTextAndBeginWithALine() {
        EvaluationText text = new EvaluationText("lines", "x" + LINE.repeat(100));
        List<Window> windows = Window.cut(text, 2, 4, 3, WindowTest::lettersAfterTheMark);
        assertThat(windows).hasSize(2).allSatisfy(window -> assertThat(window.steps()).isEqualTo(3));
        assertThat(windows.get(0).head()).containsExactly('x', 'a', 'b', 'c');
        assertThat(windows.get(1).head()).containsExactly('a', 'b', 'c', 'd');
        assertThat(windows.get(1).read(0)).isEqualTo('e');
        assertThat(windows.get(1).next(0)).isEqualTo('f');
        assertThat(windows.get(1).next(2)).isEqualTo('h');
    }

    @Test
    void aTextTooShortIsNamed() {
        EvaluationText text = new EvaluationText("short", LINE.repeat(3));
        assertThatThrownBy(() -> Window.cut(text, 2, 20, 10, WindowTest::lettersAfterTheMark))
                .isInstanceOf(QualityException.class).hasMessageContaining("short");
    }

    private static int[] lettersAfterTheMark(String text) {
        return text.substring(Turns.BEGIN.length()).chars().toArray();
    }
}
