package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

import io.alisa.cache.KvMemory;
import io.alisa.config.Configuration;
import io.alisa.schedule.Caps;
import io.alisa.tier.BlockFile;
import io.alisa.tier.Machine;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.SlowDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The caps of the process by its settings. */
class ProcessMemoryTest {
    private static final long GIB = 1L << 30;

    @TempDir
    Path directory = Path.of("");

    private static Configuration configuration(String fast, String slow, String directory) {
        Properties properties = new Properties();
        properties.setProperty("alisa.memory.fast", fast);
        properties.setProperty("alisa.memory.slow", slow);
        properties.setProperty("alisa.memory.slow-dir", directory);
        return Configuration.of(properties, Map.of());
    }

    /** Where the build's directory is in RAM the cap is zero, see {@link #whereFilesAreRamAutoIsNone}. */
    private void assumeADisk() throws IOException {
        assumeThat(SlowDirectory.of(directory).isMemory()).as("%s is on a disk", directory).isFalse();
    }

    private Configuration here(String fast, String slow) {
        return configuration(fast, slow, directory.toString());
    }

    @Test
    void capsAreWhatTheSettingsSay() {
        KvMemory memory = ProcessMemory.of(here("3g", "5g"));
        assertThat(memory.fast().cap()).isEqualTo(3 * GIB);
        assertThat(memory.slow().cap()).isEqualTo(5 * GIB);
        assertThat(ProcessMemory.of(here("1m", "0")).slow().cap()).isZero();
        assertThat(memory.fast().cap()).as("one budget for all").isEqualTo(1 << 20);
    }

    @Test
    void autoIsAtMostHalfOfWhatThereIs() throws IOException {
        assumeADisk();
        KvMemory memory = ProcessMemory.of(here("auto", "auto"));
        Machine machine = Machine.ofProcess();
        long usable = machine.usable();
        assertThat(memory.fast().cap()).isEqualTo(Caps.fastByDefault(usable, machine.heap()))
                .isBetween(usable / 8, usable / 2);
        long free = SlowDirectory.of(directory).freeBytes();
        assertThat(memory.slow().cap()).isPositive().isLessThanOrEqualTo(4 * usable);
        assertThat(memory.slow().cap()).isBetween(Math.min(4 * usable, free / 4), free);
    }

    @Test
    void onTheDiskAutoIsNoMoreThanEightTimesTheRam() throws IOException {
        assumeADisk();
        assertThat(ProcessMemory.of(here("1k", "auto")).slow().cap()).isEqualTo(8192);
    }

    /** What leaves RAM must not come back into it by a file. */
    @ParameterizedTest
    @ValueSource(strings = {"tmpfs", "ramfs"})
    void whereFilesAreRamAutoIsNone(String type) {
        SlowDirectory inRam = new SlowDirectory(Path.of("/tmp"), type, 8 * GIB);
        assertThat(ProcessMemory.slowByDefault(GIB, inRam, 0)).isZero();
        assertThat(ProcessMemory.chosen(inRam)).isEqualTo(
                " (auto: /tmp is " + type
                        + ", which is RAM itself; set alisa.memory.slow-dir to a directory on a disk)");
    }

    @Test
    void onADiskAutoCountsWhatFilesHoldAsFree() {
        SlowDirectory onDisk = new SlowDirectory(Path.of("/tmp"), "ext4", 8 * GIB);
        assertThat(ProcessMemory.slowByDefault(GIB, onDisk, 2 * GIB)).isEqualTo(5 * GIB);
        assertThat(ProcessMemory.chosen(onDisk)).isEqualTo(" (auto)");
    }

    /** What is written makes the disk fuller: the cap must not sink below it for that. */
    @Test
    void whatFilesHoldDoesNotLowerTheirCap() throws IOException {
        assumeADisk();
        KvMemory memory = ProcessMemory.of(here("8000t", "auto"));
        long before = memory.slow().cap();
        try (MemoryAccount account = memory.slow().open(bytes -> {
            // what is in a file stays there
        })) {
            assertThat(account.tryReserve(before)).isTrue();
            ProcessMemory.of(here("8000t", "auto"));
            assertThat(memory.slow().cap()).isGreaterThan(before * 5 / 4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nowhere/at/all", "\0"})
    void aDirectoryThatIsNoneIsSaidBySessionsThatNeedAFile(String none) {
        KvMemory memory = ProcessMemory.of(configuration("1g", "auto", none));
        assertThat(memory.slow().cap()).as("a cap of 0 would say there is no slow tier").isPositive();
        assertThatIOException().isThrownBy(memory.files()::open).withMessageContaining("'" + none + "'");
    }

    @Test
    void filesAreMadeInTheirDirectory() throws IOException {
        KvMemory memory = ProcessMemory.of(here("1g", "1g"));
        try (BlockFile file = memory.files().open()) {
            file.write(0, ByteBuffer.allocateDirect(100));
            assertThat(directory).isEmptyDirectory();
        }
        Files.delete(directory);
        assertThatIOException().isThrownBy(memory.files()::open);
        Files.createDirectory(directory);
    }

    @Test
    void itSaysWhatIsHeldAndWhatWasChosen() throws IOException {
        assumeADisk();
        KvMemory memory = ProcessMemory.of(here("3g", "5g"));
        try (MemoryAccount account = memory.fast().open(bytes -> {
            // nothing could move
        })) {
            account.tryReserve(GIB);
            assertThat(ProcessMemory.describe(here("3g", "5g")))
                    .isEqualTo("KV memory: RAM 1.0 GiB of 3.0 GiB, files 0 B of 5.0 GiB");
        }
        ProcessMemory.of(here("auto", "auto"));
        assertThat(ProcessMemory.describe(here("auto", "auto")))
                .matches("KV memory: RAM 0 B of \\d.* \\(auto\\), files 0 B of \\d.* \\(auto\\)")
                .doesNotContain("of 0 B");
    }

    /** Two hosts in one process: what one of them saw last must not raise the cap that the other has set. */
    @Test
    void sayingSoSetsNoCap() {
        KvMemory memory = ProcessMemory.of(here("1g", "2g"));
        assertThat(ProcessMemory.describe(here("3g", "auto"))).as("the caps in force")
                .isEqualTo("KV memory: RAM 0 B of 1.0 GiB, files 0 B of 2.0 GiB");
        assertThat(memory.fast().cap()).isEqualTo(GIB);
        assertThat(memory.slow().cap()).isEqualTo(2 * GIB);
    }

    @Test
    void theMachineHasMemory() {
        Machine machine = Machine.ofProcess();
        assertThat(machine.ram()).isGreaterThan(GIB / 4);
        assertThat(machine.usable()).isBetween(1L << 20, machine.ram());
    }
}
