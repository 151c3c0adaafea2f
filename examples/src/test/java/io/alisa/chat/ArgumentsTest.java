package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Words of the command line. */
class ArgumentsTest {
    private static ChatOptions parse(String... words) {
        ChatOptions options = new ChatOptions();
        Arguments.parse(options, words);
        return options;
    }

    /** What is said may begin with anything. */
    @Test
    void aTextIsNoFileWithMoreWords(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("words"), "--model one --model two");
        assertThat(parse("--prompt", "@" + file).prompt()).isEqualTo("@" + file);
    }

    @Test
    void optionsOfTheJvmComeFirst() {
        assertThatThrownBy(() -> parse("--prompt", "hello", "-Dalisa.sparse=true")).isInstanceOf(UserError.class)
                .hasMessageContaining("-Dalisa.sparse=true")
                .hasMessageEndingWith("; options of the JVM come before all others");
        assertThatThrownBy(() -> parse("--promt", "hello")).isInstanceOf(UserError.class)
                .hasMessageEndingWith("; see --help");
    }
}
