package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import io.alisa.cuda.emulation.Compiler;
import io.alisa.device.DeviceShape;
import io.alisa.tier.MemoryBudget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeometryTest {
    private static final int[] HEAD_SIZES = {32, 64, 80, 96, 128, 256};

    private final Geometry h200 = new Geometry(132);

    @Test
    void aLaunchIsOneWave() {
        for (int kvHeads = 1; kvHeads <= 40; kvHeads++) {
            for (int resident = 1; resident <= 4; resident++) {
                for (int blocks = 1; blocks < 5000; blocks = blocks * 3 / 2 + 1) {
                    int splits = h200.splits(kvHeads, 1, resident, blocks);
                    assertThat(splits).isBetween(1, blocks);
                    assertThat(splits == 1 || splits * kvHeads <= 132 * resident).isTrue();
                    assertThat(splits == blocks || (splits + 1) * kvHeads > 132 * resident)
                            .as("as many as fit").isTrue();
                }
            }
        }
    }

    /** The figures that are known of a card: 32 heads in 8 groups at 128K tokens. */
    @Test
    void longContextsFillTheDevice() {
        assertThat(Geometry.decodeRows(8, 4, true)).isEqualTo(8);
        assertThat(h200.splits(8, 1, 2, 2048)).isEqualTo(33);
        assertThat(h200.splits(8, 8, 2, 2048)).isEqualTo(4);
        assertThat(h200.splits(8, 1, 2, 3)).isEqualTo(3);
        assertThat(h200.splits(1000, 1, 1, 2048)).isEqualTo(1);
        assertThat(h200.splits(8, 1, 2, 0)).as("nothing to attend").isEqualTo(1);
    }

    /** The header says these things to C++; it is asked. */
    @Test
    void theHeaderSaysTheSame(@TempDir Path directory) throws IOException, InterruptedException {
        Optional<Path> compiler = Compiler.find();
        assumeTrue(compiler.isPresent(), "no g++ on the path: the header's sizes are not compared with Java's");
        StringBuilder source = new StringBuilder("#include <stdio.h>\n#include \"attention.cuh\"\nint main() {\n");
        StringBuilder expected = new StringBuilder();
        for (int size : HEAD_SIZES) {
            int threads = Geometry.decodeThreads(size);
            source.append("printf(\"%d %d %d %d\\n\", 32 * alisa::decodeWarps(").append(size)
                    .append("), alisa::decodeSharedBytes(").append(size).append(", 1, 4), alisa::decodeSharedBytes(")
                    .append(size).append(", 2, ").append(threads / 32).append("), alisa::gatherSharedBytes(")
                    .append(size).append(", ").append(threads / 32).append("));\n");
            expected.append(threads).append(' ').append(Geometry.decodeSharedBytes(size, 1, 128)).append(' ')
                    .append(Geometry.decodeSharedBytes(size, 2, threads)).append(' ')
                    .append(Geometry.gatherSharedBytes(size, threads)).append('\n');
            source.append("printf(\"%d %d %d %d\\n\", alisa::gatherSharedBytes(").append(size)
                    .append(", 4), alisa::prefillSharedBytes(").append(size)
                    .append("), alisa::prefillRows(").append(size).append("), alisa::partialFloats(").append(size)
                    .append(" - 3));\n");
            expected.append(Geometry.gatherSharedBytes(size, 128)).append(' ')
                    .append(Geometry.batchSharedBytes(size)).append(' ')
                    .append(1000 / (Geometry.batchRows(1, 1000, size) - 1) / 32 * 32).append(' ')
                    .append(Geometry.partialFloats(size - 3))
                    .append('\n');
        }
        for (int group = 1; group < 20; group++) {
            source.append("printf(\"%d %d %d\\n\", alisa::estimateSharedBytes(").append(group).append(", ")
                    .append(61 - group).append("), alisa::selectWorkWords(").append(group)
                    .append("), alisa::ticketsOfRow(").append(5 * group).append(", ").append(4 * (1 + group % 4))
                    .append("));\n");
            expected.append(Geometry.estimateSharedBytes(group, 61 - group)).append(' ')
                    .append(Geometry.selectWorkWords(group)).append(' ')
                    .append(Geometry.ticketsOfRow(5 * group, 128 * (1 + group % 4))).append('\n');
        }
        for (String name : new String[]{"Attend", "Select", "Skipped", "Copy"}) {
            source.append("printf(\"%d\\n\", (int) sizeof(alisa::").append(name).append("Parameters));\n");
        }
        source.append("}\n");
        expected.append(AttendArguments.BYTES).append('\n').append(SelectArguments.BYTES).append('\n')
                .append(SkippedArguments.BYTES).append('\n').append(CopyArguments.BYTES).append('\n');
        source.insert(source.length() - 2,
                "printf(\"%d %d\\n\", alisa::COPY_PIECES, alisa::COPY_PART_BYTES);\n");
        expected.append(CopyArguments.PIECES).append(' ').append(CopyArguments.PART_BYTES).append('\n');
        Path program = Files.writeString(directory.resolve("sizes.cpp"), source);
        run(directory, compiler.get().toString(), "-I", Path.of("src", "main", "cuda").toAbsolutePath().toString(),
                "-o",
                "sizes", program.toString());
        assertThat(run(directory, directory.resolve("sizes").toString())).isEqualTo(expected.toString());
    }

    private static String run(Path directory, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
        var _ = process.onExit().orTimeout(5, TimeUnit.MINUTES).exceptionally(late -> process.destroyForcibly());
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    @Test
    void queryRowsShareTheReadsOfAGroup() {
        assertThat(Geometry.decodeRows(2, 8, true)).isEqualTo(2);
        assertThat(Geometry.decodeRows(2, 9, true)).isEqualTo(4);
        assertThat(Geometry.decodeRows(2, 9, false)).isEqualTo(18);
        assertThat(Geometry.batchRows(3, 64, 128)).isEqualTo(3);
        assertThat(Geometry.batchRows(3, 65, 128)).isEqualTo(6);
        assertThat(Geometry.batchRows(3, 65, 256)).isEqualTo(9);
    }

    /** What the smaller of the cards we serve allow a block. */
    @Test
    void sharedMemoryFitsEveryCard() {
        for (int headSize : HEAD_SIZES) {
            assertThat(Geometry.isTuned(headSize)).isTrue();
            assertThat(Geometry.gatherSharedBytes(headSize, 128))
                    .isBetween(Geometry.decodeSharedBytes(headSize, 1, 128), 99 << 10);
            assertThat(Geometry.batchSharedBytes(headSize)).isBetween(8 << 10, 99 << 10);
            assertThat(Geometry.neededSharedBytes(headSize)).isBetween(9 << 10, 99 << 10);
        }
        assertThat(Geometry.neededSharedBytes(256)).as("what is nearest to it").isEqualTo(99_456 + 1_136);
        assertThat(Geometry.isTuned(48)).isFalse();
    }

    /** A large block is taken where its card has shared memory enough for all of it, a shape served likewise. */
    @ParameterizedTest
    @ValueSource(ints = {32, 64, 80, 96, 128, 256})
    void whatKernelsHaveByThemselvesCounts(int headSize) {
        int large = Geometry.decodeThreads(headSize);
        int needed = Geometry.OWN_SHARED_BYTES + Geometry.gatherSharedBytes(headSize, large);
        int least = Geometry.neededSharedBytes(headSize);
        for (int missing = 0; missing < 2; missing++) {
            Wave wave = Wave.ofDecode(new Card(needed - missing), "alisa_gather_int8_h", headSize,
                    threads -> Geometry.gatherSharedBytes(headSize, threads), 1);
            assertThat(wave.threads()).isEqualTo(missing == 0 ? large : Geometry.THREADS);
            CudaDevice device = new CudaDevice(new Card(least - missing), MemoryBudget.unlimited(), TestDriver.host());
            assertThat(device.serves(new DeviceShape(1, 1, headSize, headSize, 0, 0))).isEqualTo(missing == 0);
            device.close();
        }
    }

    /** A card that allows a block so much shared memory. */
    private static final class Card extends JavaDriver {
        private final int sharedBytes;

        Card(int sharedBytes) {
            this.sharedBytes = sharedBytes;
        }

        @Override
        public Facts facts() {
            return new Facts("a card", Long.MAX_VALUE, 5, sharedBytes, 80);
        }
    }
}
