package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The least limit counts, wherever above the process it is written. */
class MachineTest {
    private static final long GIB = 1L << 30;
    private static final String SERVICE = "0::/system.slice/app.service/child\n";

    @TempDir
    Path root = Path.of("");

    private void write(String file, String limit) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.resolveSibling(""));
        Files.writeString(path, limit + "\n");
    }

    private OptionalLong limit(String membership) {
        return Machine.limit(ControlGroups.limits(membership, root), 16 * GIB);
    }

    /** A runtime that jlink made has no bean to ask, another system no such file. */
    @Test
    void whereNobodyKnowsItIsTwiceTheHeap() {
        assertThat(Machine.physical("MemTotal:       16384000 kB", () -> 0, GIB)).isEqualTo(16384000L << 10);
        assertThat(Machine.physical("", () -> 5 * GIB, GIB)).isEqualTo(5 * GIB);
        assertThat(Machine.physical("", () -> {
            throw new NoClassDefFoundError("com/sun/management/OperatingSystemMXBean");
        }, GIB)).isEqualTo(2 * GIB);
    }

    /** systemd's MemoryMax: the root has no such file. */
    @Test
    void ofAServiceOrASliceAboveIt() throws IOException {
        write("system.slice/app.service/child/memory.max", "max");
        write("system.slice/app.service/memory.max", "" + 2 * GIB);
        write("system.slice/memory.max", "" + 3 * GIB);
        assertThat(limit(SERVICE)).hasValue(2 * GIB);
        write("system.slice/memory.max", "" + GIB);
        assertThat(limit(SERVICE)).hasValue(GIB);
        assertThat(limit("0::/user.slice\n")).as("another's").isEmpty();
    }

    /** In a container the root is the container's own, and its path may be told as the machine sees it. */
    @Test
    void ofAContainer() throws IOException {
        write("memory.max", "" + 2 * GIB);
        assertThat(limit("0::/\n")).hasValue(2 * GIB);
        assertThat(limit("0::/docker/0123\n")).hasValue(2 * GIB);
        assertThat(limit("0::/../../elsewhere\n")).hasValue(2 * GIB);
        assertThat(limit("")).hasValue(2 * GIB);
        assertThat(limit("no line\n0::/\0\n")).hasValue(2 * GIB);
    }

    /** Slurm's job, say. */
    @Test
    void ofAGroupOfVersionOne() throws IOException {
        write("memory/memory.limit_in_bytes", "9223372036854771712");
        write("memory/slurm/job/memory.limit_in_bytes", "" + 4 * GIB);
        write("memory/slurm/job/step/memory.limit_in_bytes", "9223372036854771712");
        write("slurm/job/memory.max", "" + GIB);
        assertThat(limit("5:cpu,cpuacct:/slurm\n4:hugetlb,memory:/slurm/job/step\n1:name=systemd:/slurm/job\n"))
                .hasValue(4 * GIB);
    }

    @Test
    void moreThanThereIsIsNone() throws IOException {
        write("system.slice/memory.max", "" + 17 * GIB);
        assertThat(limit(SERVICE)).isEmpty();
    }
}
