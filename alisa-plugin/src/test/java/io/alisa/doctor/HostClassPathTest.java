package io.alisa.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

import com.github.tjake.jlama.model.AbstractModel;
import io.alisa.doctor.Check.Mark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The host, packed as applications pack it. */
class HostClassPathTest {
    private static final String JAR = "jlama-core-0.8.4.jar";

    @TempDir
    Path directory = Path.of("");

    private static Path host() throws URISyntaxException {
        return Path.of(AbstractModel.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static byte[] jar(String entry, byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream jar = new ZipOutputStream(bytes)) {
            jar.putNextEntry(new ZipEntry("META-INF/"));
            jar.putNextEntry(new ZipEntry(entry));
            jar.write(content);
        }
        return bytes.toByteArray();
    }

    private static void isFound(Object where) {
        Check check = HostChecks.of(where.toString());
        assertThat(check)
                .isEqualTo(Check.ok("host", "Jlama 0.8.4 in " + where + ": everything the plugin needs is there"));
    }

    /** An application's own folder of jars, and unpacked archives. */
    @ParameterizedTest
    @ValueSource(strings = {"", "BOOT-INF/lib", "WEB-INF/lib", "lib", "lib/main"})
    void aFolderOfJarsIsLookedInto(String folder) throws IOException, URISyntaxException {
        Path jars = Files.createDirectories(directory.resolve(folder));
        Files.write(jars.resolve("another.jar"), jar("a.txt", new byte[1]));
        Files.copy(host(), jars.resolve(JAR));
        isFound(directory);
        isFound(jars + File.separator + "*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"BOOT-INF/lib/" + JAR, "lib/com.github.tjake.jlama-core-0.8.4.jar", JAR})
    void aJarWithinAJarIsLookedInto(String entry) throws IOException, URISyntaxException {
        Path application = Files.write(directory.resolve("application.jar"), jar(entry, Files.readAllBytes(host())));
        isFound(application);
        isFound(directory);
    }

    /** The first jar of that name need not be the host's. */
    @Test
    void aJarWithinAJarIsReadAsItIs() throws IOException {
        byte[] landmark = jar("com/github/tjake/jlama/model/AbstractModel.class",
                Files.readAllBytes(classFile(AbstractModel.class)));
        Path other = Files.write(directory.resolve("a.jar"), jar(JAR, jar("a.txt", new byte[1])));
        Path part = Files.write(directory.resolve("b.jar"), jar(JAR, landmark));
        Check check = HostChecks.of(other + File.pathSeparator + part);
        assertThat(check.mark()).isEqualTo(Mark.FAIL);
        assertThat(check.text()).startsWith("Jlama unknown in ").contains("runs untouched: expected ");
    }

    private Path classFile(Class<?> type) throws IOException {
        Path file = directory.resolve("AbstractModel.class");
        try (var in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            return Files.write(file, in == null ? new byte[0] : in.readAllBytes());
        }
    }

    @Test
    void whereThereIsNoHostItSaysWhatToGive() throws IOException {
        Path application = Files.write(directory.resolve("application.jar"),
                jar("BOOT-INF/lib/another.jar", jar("a.txt", new byte[1])));
        Check check = HostChecks.of(application.toString());
        assertThat(check.mark()).isEqualTo(Mark.FAIL);
        assertThat(check.text()).isEqualTo("no Jlama in " + application);
        assertThat(check.remedy()).isEqualTo("give it: --host path/to/jlama-core-0.8.4.jar, the folder of the"
                + " application's jars, or its executable jar");
    }

    @Test
    void whatIsNoJarIsNamed() throws IOException {
        Path text = Files.write(directory.resolve("application.jar"), "no jar".getBytes(StandardCharsets.UTF_8));
        for (Path given : new Path[]{text, directory}) {
            Check check = HostChecks.of(given.toString());
            assertThat(check.mark()).isEqualTo(Mark.FAIL);
            assertThat(check.text()).startsWith("'" + given + "' can't be read: " + text + " is no whole jar: ");
        }
    }
}
