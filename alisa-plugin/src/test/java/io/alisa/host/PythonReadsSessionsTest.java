package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A saved session is read by a program that knows the format's definition and nothing of ours: python3 with numpy. */
class PythonReadsSessionsTest {
    private static final Path SCRIPTS = Path.of("..", "docs", "saved-sessions").toAbsolutePath().normalize();

    @TempDir
    Path directory = Path.of("");

    @BeforeAll
    static void needsPython() throws IOException, InterruptedException {
        assumeTrue(python("import numpy").exit() == 0, "there is no python3 with numpy here");
    }

    private record Result(int exit, String output) {
    }

    private static Result python(String program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("python3", "-B", "-c", program));
        command.addAll(List.of(arguments));
        Process process;
        try {
            process = new ProcessBuilder(command).directory(SCRIPTS.toFile()).redirectErrorStream(true).start();
        } catch (IOException e) {
            return abort("there is no python3 here: " + e.getMessage());
        }
        var _ = process.onExit().orTimeout(2, TimeUnit.MINUTES).exceptionally(late -> process.destroyForcibly());
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }

    private Path saved(SessionMode mode, int tokens) throws IOException {
        Path file = directory.resolve("session.safetensors");
        try (SpokenSession spoken = SpokenSession.open(mode, KvMemory.unlimited(), 1)) {
            spoken.feed(0, tokens, 50);
            spoken.save("TINY-1", file);
            expected.clear();
            for (int position = 0; position < tokens; position++) {
                float[] key = new float[SpokenSession.HEAD_SIZE];
                if (mode.format() == KvFormat.F32) {
                    spoken.session.kv().layer(2).rows().readKey(position, 1, key);
                    expected.add(key);
                }
            }
        }
        return file;
    }

    private final List<float[]> expected = new ArrayList<>();

    @Test
    void everyFormatIsReadAndItsChecksumsAgree() throws IOException, InterruptedException {
        for (SessionMode mode : List.of(SpokenSession.exact(KvFormat.F32), SpokenSession.exact(KvFormat.BF16),
                SpokenSession.int8(), SpokenSession.sparse("h2o", KvFormat.INT8))) {
            Path file = saved(mode, 100);
            Result result = python("import read_session, sys; read_session.main(sys.argv[1])", file.toString());
            assertThat(result.exit()).as(result.output()).isZero();
            String ids = Arrays.stream(SpokenSession.ids(100)).mapToObj(Integer::toString)
                    .collect(Collectors.joining(" "));
            assertThat(result.output()).contains("alisa.codec: " + mode.format(), "ids: " + ids,
                    "all checksums agree");
            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
            assertThat(python("import read_session, sys; read_session.check(sys.argv[1])", file.toString()).output())
                    .contains("a checksum differs");
        }
    }

    @Test
    void keysAreThoseOfTheSession() throws IOException, InterruptedException {
        Path file = saved(SpokenSession.exact(KvFormat.F32), 70);
        Result result = python("""
                import read_session, sys
                metadata, found = read_session.tensors(sys.argv[1])
                keys = read_session.keys(found, metadata, 20)
                assert keys.shape == (3, 2, 70, 20), keys.shape
                print(" ".join(float(x).hex() for x in keys[2, 1].ravel()))
                """, file.toString());
        assertThat(result.exit()).as(result.output()).isZero();
        double[] read = Arrays.stream(result.output().strip().split(" ")).mapToDouble(Double::parseDouble).toArray();
        for (int position = 0; position < 70; position++) {
            for (int channel = 0; channel < 20; channel++) {
                assertThat(read[position * 20 + channel]).isEqualTo(expected.get(position)[channel]);
            }
        }
    }

    /** Eight bits: the keys are within a step of those that were told. */
    @Test
    void roundedKeysAreThoseOfTheSession() throws IOException, InterruptedException {
        Path exact = saved(SpokenSession.exact(KvFormat.F32), 70);
        Path copy = Files.copy(exact, directory.resolve("exact"));
        Path rounded = saved(SpokenSession.int8(), 70);
        Result result = python("""
                import numpy as np, read_session, sys
                exact, rounded = (read_session.keys(found, metadata, 20) for metadata, found in
                                  map(read_session.tensors, sys.argv[1:]))
                step = np.abs(exact).max(axis=-1, keepdims=True) / 127 * 1.126
                assert (np.abs(exact - rounded) <= step / 2 + 1e-6).all(), np.abs(exact - rounded).max()
                """, copy.toString(), rounded.toString());
        assertThat(result.exit()).as(result.output()).isZero();
    }
}
