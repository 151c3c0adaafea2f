package io.alisa.start;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** The rest of the entries is tested with the packaged jar on an older Java. */
class EntriesTest {
    private static final int JAVA_8 = 52;

    @Test
    void anOlderJavaCanLoadThem() throws IOException, URISyntaxException {
        Path classes = Path.of(Agent.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<Path> entries;
        try (Stream<Path> files = Files.list(classes.resolve("io/alisa/start"))) {
            entries = files.toList();
        }
        assertThat(entries).extracting(file -> file.getFileName().toString())
                .contains("Agent.class", "Doctor.class", "OldJava.class");
        for (Path entry : entries) {
            short majorVersion = ByteBuffer.wrap(Files.readAllBytes(entry)).getShort(6);
            assertThat(majorVersion).as("%s", entry).isEqualTo((short) JAVA_8);
        }
    }
}
