package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is looked up is in {@link SketchTest}. */
class VectorLookUpsTest {
    @TempDir
    Path directory;

    @Test
    void onlySomeMachinesOf512BitsShuffle64Bytes() throws IOException {
        assertThat(hasWideShuffles("flags\t\t: fpu avx512f avx512bw avx512vbmi umip avx512_vbmi2")).isTrue();
        assertThat(hasWideShuffles("flags\t\t: fpu avx512f avx512bw avx512_vbmi2 avx512_vnni")).isFalse();
        assertThat(hasWideShuffles("model name\t: Intel(R) Xeon(R)\nflags\t\t: avx512f\nbugs\t\t:\n")).isFalse();
    }

    /** Linux writes the one with an underscore and the other without; processors that have the second have the first. */
    @Test
    void thisMachineIsToldAsLinuxTellsIt() throws IOException {
        Path cpus = Path.of("/proc/cpuinfo");
        assumeThat(cpus).exists();
        assumeThat(Files.readString(cpus)).as("a processor that tells of it").contains("avx512_vbmi2");
        assertThat(VectorLookUps.hasWideShuffles(cpus)).isTrue();
    }

    @Test
    void whereNobodyTellsTheyDoNot() throws IOException {
        assertThat(VectorLookUps.hasWideShuffles(directory.resolve("none"))).isFalse();
        Path binary = Files.write(directory.resolve("binary"), new byte[]{(byte) 0xff, (byte) 0xfe, 10});
        assertThat(VectorLookUps.hasWideShuffles(binary)).isFalse();
    }

    private boolean hasWideShuffles(String text) throws IOException {
        return VectorLookUps.hasWideShuffles(Files.writeString(directory.resolve("cpuinfo"), text));
    }
}
