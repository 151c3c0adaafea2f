package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileStoreTest {
    @TempDir
    Path directory;

    private ProfileStore store(String machine) {
        return new ProfileStore(directory.resolve("deep/down/profile.properties"), machine);
    }

    private static HardwareProfile profile(String machine) {
        HardwareProfile assumed = HardwareProfile.assumed();
        return new HardwareProfile(machine, 1.5e10, 2e9, 3e9, 4e9, 5e9, 6e10, 7e8, assumed.slowReadBytes());
    }

    @Test
    void whatIsStoredIsFound() throws IOException {
        ProfileStore store = store("this");
        assertThat(store.load().profile()).isNull();
        assertThat(store.load().reason()).contains("no profile of this machine", "alisa-plugin.jar profile");
        store.save(HardwareProfile.described("this", 1, 1, 1));
        store.save(profile("this"));
        assertThat(store.load().profile()).isEqualTo(profile("this"));
        try (var files = Files.list(store.file().getParent())) {
            assertThat(files).containsExactly(store.file());
        }
    }

    @Test
    void onlyItsOwnerMayRead() throws IOException {
        ProfileStore store = store("this");
        store.save(profile("this"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(store.file()))).isEqualTo("rw-------");
    }

    @Test
    void anotherMachinesIsIgnored() throws IOException {
        store("that").save(profile("that"));
        ProfileStore.Found found = store("this").load();
        assertThat(found.profile()).isNull();
        assertThat(found.reason()).contains("another machine's ('that')");
        assertThat(found.orAssumed()).isEqualTo(HardwareProfile.assumed());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "machine=this", "machine=this\nreadBytes=fast", "\\u00zz", "machine\u0000=\u0000"})
    void brokenFilesAreIgnored(String text) throws IOException {
        ProfileStore store = store("this");
        Files.createDirectories(store.file().getParent());
        Files.writeString(store.file(), text);
        assertThat(store.load().profile()).isNull();
        assertThat(store.load().reason()).contains("profile.properties", "alisa-plugin.jar profile");
    }

    @ParameterizedTest
    @ValueSource(strings = {"readBytes=-1", "readBytes=NaN", "slowReadBytes.x=3", "slowReadBytes.-4=3",
            "slowWriteBytes=Infinity", "readBytes=999", "multiplyAdds=1e-300", "slowReadBytes.4096=1.1e18",
            "digestBytes=1e300"})
    void numbersThatMakeNoSenseAreIgnored(String line) throws IOException {
        ProfileStore store = store("this");
        store.save(profile("this"));
        Files.writeString(store.file(), Files.readString(store.file()) + "\n" + line + "\n");
        assertThat(store.load().profile()).isNull();
        assertThat(store.load().reason()).contains("is not a whole profile");
    }

    @Test
    void oversizedAndBinaryFilesAndDirectoriesAreIgnored() throws IOException {
        ProfileStore store = store("this");
        Files.createDirectories(store.file().getParent());
        Files.writeString(store.file(), "x=".repeat(100_000));
        assertThat(store.load().reason()).contains("too large");
        Files.write(store.file(), new byte[]{(byte) 0xFF, (byte) 0xC0, 0, 1});
        assertThat(store.load().profile()).isNull();
        Files.delete(store.file());
        Files.createDirectory(store.file());
        assertThat(store.load().profile()).isNull();
    }

    @Test
    void liesWhereCachesLie() {
        assertThat(ProfileStore.cache(Map.of(), "/home/x")).isEqualTo(Path.of("/home/x/.cache"));
        assertThat(ProfileStore.cache(Map.of("XDG_CACHE_HOME", "/c"), "/home/x")).isEqualTo(Path.of("/c"));
        assertThat(ProfileStore.cache(Map.of("XDG_CACHE_HOME", "relative"), "/home/x"))
                .isEqualTo(Path.of("/home/x/.cache"));
        assertThat(ProfileStore.ofProcess().machine().getBytes(StandardCharsets.UTF_8)).isNotEmpty();
    }
}
