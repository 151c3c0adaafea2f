package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextsTest {
    @TempDir
    private Path directory;

    @Test
    void textsBesideTheRepositoryAreFound() throws IOException {
        Path data = Files.createDirectories(directory.resolve("shared/data"));
        Files.writeString(data.resolve("b.txt"), "B");
        Files.writeString(data.resolve("a.txt"), "A");
        Files.writeString(data.resolve("c.bin"), "C");
        assertThat(select("").read()).extracting(EvaluationText::name).containsExactly("a.txt", "b.txt");
    }

    @Test
    void textsThatAreGivenWin() throws IOException {
        Path file = Files.writeString(directory.resolve("x.txt"), "It\u2019s \u201cso\u201d \u2013 caf\u00e9\n");
        Texts texts = select(file.toString());
        assertThat(texts.read()).containsExactly(new EvaluationText("x.txt", "It's \"so\" - caf\n"));
        assertThat(texts.filler()).isEqualTo(texts.read());
    }

    @Test
    void withoutAnyTextItMakesUpItsOwnAndSaysSo() {
        Texts texts = select("");
        assertThat(texts.remark()).contains("made up");
        assertThat(texts.read().get(0).content()).contains("<|user|>Remember this: The ");
        assertThat(texts.filler().get(0).content()).doesNotContain("<|");
        assertThat(texts).isEqualTo(select(""));
    }

    @Test
    void aTextThatCannotBeReadIsNamed() {
        assertThatThrownBy(() -> select(directory.resolve("none.txt").toString())).isInstanceOf(QualityException.class)
                .hasMessageContaining("none.txt").hasMessageContaining("-Dquality.texts");
    }

    private Texts select(String files) {
        Properties properties = new Properties();
        properties.setProperty("quality.repository", directory.resolve("repository").toString());
        properties.setProperty("quality.texts", files);
        return Texts.select(Options.of(properties));
    }
}
