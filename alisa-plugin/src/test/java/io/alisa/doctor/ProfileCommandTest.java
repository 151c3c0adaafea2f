package io.alisa.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

import io.alisa.config.Configuration;
import io.alisa.measure.MachineProfiler.Effort;
import io.alisa.schedule.HardwareProfile;
import io.alisa.schedule.ProfileStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code profile} with next to no effort: everything is measured and stored; how fast it is, nobody asks here. */
class ProfileCommandTest {
    private static final Effort LITTLE = new Effort(0.01, 4 << 20, 4 << 20, 512);

    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int profile(Path slowTier, ProfileStore store) {
        return profile(slowTier.toString(), store);
    }

    private int profile(String slowTier, ProfileStore store) {
        Properties properties = new Properties();
        properties.setProperty("alisa.memory.slow-dir", slowTier);
        properties.setProperty("alisa.backend", "scalar"); // short runs would spoil vector code for other tests of this JVM
        return ProfileCommand.run(Configuration.of(properties, Map.of()), store, LITTLE,
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @Test
    void everyRateIsMeasuredAndStored() throws IOException {
        Path slowTier = Files.createDirectory(directory.resolve("slow"));
        ProfileStore store = new ProfileStore(directory.resolve("profile.properties"), "this machine");
        assertThat(profile(slowTier, store)).isZero();
        HardwareProfile profile = Objects.requireNonNull(store.load().profile());
        assertThat(profile.slowReadBytes()).containsOnlyKeys(8 << 10, 64 << 10, 270 << 10, 1 << 20);
        assertThat(out.toString(StandardCharsets.UTF_8).lines().filter(line -> line.endsWith("/s"))).hasSize(11);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("machine: this machine", "stored in ");
        assertThat(err.size()).isZero();
        try (var left = Files.list(slowTier)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void aSlowTierThatIsNotThereIsASentence() {
        ProfileStore store = new ProfileStore(directory.resolve("profile.properties"), "this machine");
        assertThat(profile(directory.resolve("none"), store)).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8).lines()).singleElement().asString()
                .startsWith("The slow tier can't be measured (java.nio.file.NoSuchFileException: ")
                .contains("alisa.memory.slow-dir");
        err.reset();
        assertThat(profile("\0", store)).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("The slow tier can't be measured (java.nio.file.Inva")
                .contains("alisa.memory.slow-dir");
    }

    @Test
    void aCacheThatCannotBeWrittenIsASentence() throws IOException {
        Files.writeString(directory.resolve("file"), "");
        ProfileStore store = new ProfileStore(directory.resolve("file/profile.properties"), "this machine");
        assertThat(profile(directory, store)).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("can't be stored", "XDG_CACHE_HOME");
    }
}
