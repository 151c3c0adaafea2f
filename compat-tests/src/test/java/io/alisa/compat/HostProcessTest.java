package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostProcessTest {
    @TempDir
    private Path directory = Path.of("");

    /** Leaves a directory with a file where the JVM has its temporary files, and crashes. */
    static final class Litter {
        private Litter() {
        }

        public static void main(String[] arguments) throws IOException {
            Path left = Files.createTempDirectory("litter");
            Files.createFile(left.resolve("file"));
            System.out.println("left " + left);
            System.out.flush();
            Runtime.getRuntime().halt(3);
        }
    }

    @Test
    void nothingIsLeftOfAProcessButWhatItPrinted() throws IOException {
        Path output = directory.resolve("output.txt");
        assertThatThrownBy(() -> HostProcess.run(
                List.of("-cp", System.getProperty("java.class.path"), Litter.class.getName()), Redirect.PIPE, output,
                5))
                .isInstanceOf(HostProcessException.class).hasMessageEndingWith("Exit code 3");
        assertThat(output).content().contains("left " + directory);
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(output);
        }
    }
}
