package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.host.SavedSessions.Restored;
import io.alisa.save.SaveException;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session that was saved and restored says what it would have said, whatever the tiers, the caps and the threads. */
class SavedSessionsTest {
    private static final String MODEL = "TINY-1";
    private static final long MIB = 1 << 20;
    /** Too little for the blocks of 3,900 tokens. */
    private static final long TIGHT = 900 << 10;

    @TempDir
    Path directory = Path.of("");

    private static SessionMode mode(String name) {
        return switch (name) {
            case "exact" -> SpokenSession.exact(KvFormat.F32);
            case "int8" -> SpokenSession.int8();
            case "swa-f32" -> SpokenSession.sparse("swa", KvFormat.F32);
            default -> SpokenSession.sparse(name, KvFormat.INT8);
        };
    }

    private static void save(SpokenSession spoken, int tokens, Path file) throws IOException {
        spoken.session.kv().lock().lock();
        try {
            SavedSessions.save(spoken.session, MODEL, SpokenSession.ids(tokens), file);
        } finally {
            spoken.session.kv().lock().unlock();
        }
    }

    private static SpokenSession restore(Path file, KvMemory memory, int threads) throws IOException {
        return restore(file, memory, threads, KvFormat.F32);
    }

    private static SpokenSession restore(Path file, KvMemory memory, int threads, KvFormat hostFormat)
            throws IOException {
        Restored restored = SavedSessions.restore(file, MODEL, SpokenSession.shape(hostFormat),
                SpokenSession.VOCABULARY, mode -> SpokenSession.session(mode, memory, threads));
        return new SpokenSession(restored.session());
    }

    private static KvMemory memory(long fast, long slow) {
        return new KvMemory(new MemoryBudget(fast), new MemoryBudget(slow), MemoryFile::new);
    }

    // ---- the same

    @ParameterizedTest
    @CsvSource({"exact,1", "exact,64", "exact,201", "int8,1", "int8,63", "int8,64", "int8,65", "int8,330", "swa,330",
            "swa,128", "swa-f32,200", "h2o,200", "swa-paper,200", "swa-paper,10", "streaming-llm,130", "local,130",
            "strided,130", "dense,130"})
    void goesOnAsIfItHadNeverStopped(String name, int tokens) throws IOException {
        Path file = directory.resolve("session");
        try (SpokenSession spoken = SpokenSession.open(mode(name), KvMemory.unlimited(), 2)) {
            int prompt = Math.max(1, tokens - 20);
            spoken.feed(0, prompt, 100);
            spoken.feed(prompt, tokens, 1);
            save(spoken, tokens, file);
            List<float[]> expected = goOn(spoken, tokens);
            for (int threads : new int[]{1, 3}) {
                try (SpokenSession restored = restore(file, KvMemory.unlimited(), threads)) {
                    assertThat(restored.session.mode()).isEqualTo(mode(name));
                    assertThat(restored.session.tokens()).isEqualTo(tokens);
                    assertSame(goOn(restored, tokens), expected);
                }
            }
        }
    }

    /** One by one, then a batch, then back into the block of floats, and on. */
    private static List<float[]> goOn(SpokenSession session, int tokens) {
        List<float[]> outputs = session.feed(tokens, tokens + 40, 1);
        outputs.addAll(session.feed(tokens + 40, tokens + 130, 90));
        outputs.addAll(session.feed(tokens + 127, tokens + 140, 1));
        return outputs;
    }

    private static void assertSame(List<float[]> actual, List<float[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).as("attended, call %s", i).isEqualTo(expected.get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"int8", "swa", "h2o"})
    void tiersAndCapsChangeNothing(String name) throws IOException {
        Path roomy = directory.resolve("roomy");
        Path tight = directory.resolve("tight");
        int tokens = 3900;
        List<float[]> expected;
        try (SpokenSession spoken = SpokenSession.open(mode(name), KvMemory.unlimited(), 2)) {
            spoken.feed(0, tokens, 200);
            save(spoken, tokens, roomy);
            expected = goOn(spoken, tokens);
        }
        KvMemory caps = memory(TIGHT, 20 * MIB);
        try (SpokenSession spoken = SpokenSession.open(mode(name), caps, 2)) {
            spoken.feed(0, tokens, 200);
            assertThat(spoken.session.kv().demotedBlocks()).as("in the file").isPositive();
            save(spoken, tokens, tight);
        }
        assertThat(Files.mismatch(roomy, tight)).as("saved from whatever tier").isEqualTo(-1);
        try (SpokenSession restored = restore(tight, caps, 1)) {
            assertThat(restored.session.kv().demotedBlocks()).as("went on to the file").isPositive();
            assertThat(caps.fast().peak()).isLessThanOrEqualTo(TIGHT);
            assertSame(goOn(restored, tokens), expected);
        }
        assertThat(caps.fast().reserved()).isZero();
        assertThat(caps.slow().reserved()).isZero();
    }

    @Test
    void bf16IsKeptAsItIs() throws IOException {
        Path file = directory.resolve("bf16");
        SessionMode mode = SpokenSession.exact(KvFormat.BF16);
        try (SpokenSession spoken = SpokenSession.open(mode, KvMemory.unlimited(), 1)) {
            spoken.feed(0, 150, 100);
            save(spoken, 150, file);
            try (SpokenSession restored = restore(file, KvMemory.unlimited(), 1, KvFormat.BF16)) {
                for (int block = 0; block < 3; block++) {
                    assertThat(SpokenSession.bytes(restored.session.kv().layer(1), block))
                            .isEqualTo(SpokenSession.bytes(spoken.session.kv().layer(1), block));
                }
            }
            refused(() -> restore(file, KvMemory.unlimited(), 1, KvFormat.F32), "attends in a way");
        }
    }

    // ---- refused

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable restoring, String what) {
        assertThatThrownBy(restoring).isInstanceOf(SaveException.class).hasMessageContaining("can't be restored: ")
                .hasMessageContaining(what).hasMessageContaining("; ").hasMessageNotContaining("\n");
    }

    private Path saved(SessionMode mode, int tokens) throws IOException {
        Path file = directory.resolve("saved");
        try (SpokenSession spoken = SpokenSession.open(mode, KvMemory.unlimited(), 1)) {
            spoken.feed(0, tokens, 100);
            save(spoken, tokens, file);
        }
        return file;
    }

    @Test
    void whatIsNotForThisModelIsRefused() throws IOException {
        Path file = saved(SpokenSession.int8(), 100);
        ModelShape shape = SpokenSession.shape(KvFormat.F32);
        refused(() -> SavedSessions.restore(file, "TINY-2", shape, SpokenSession.VOCABULARY, mode -> {
            throw new AssertionError("opened");
        }), "another model");
        refused(() -> SavedSessions.restore(file, MODEL, shape, 50, mode -> {
            throw new AssertionError("opened");
        }), "a token that the model does not know");
        ModelShape shorter = new ModelShape("TINY", 3, 99, 80, 0, 2, 2, 0, 4, 20, KvFormat.F32, 1, 0, 160);
        refused(() -> SavedSessions.restore(file, MODEL, shorter, SpokenSession.VOCABULARY, mode -> {
            throw new AssertionError("opened");
        }), "more tokens than the model's context");
    }

    @Test
    void whereThereIsNoRoomAllIsGivenBack() throws IOException {
        Path file = saved(SpokenSession.exact(KvFormat.F32), 1000);
        KvMemory caps = memory(MIB, 0);
        assertThatThrownBy(() -> restore(file, caps, 1)).isInstanceOf(MemoryFullException.class)
                .hasMessageContaining("raise alisa.memory.fast");
        assertThat(caps.fast().reserved()).isZero();
    }

    @Test
    void aSessionWithDeletedTokensSaysWhatToDo() throws IOException {
        Path file = directory.resolve("deleted");
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.int8(), memory(TIGHT, 0), 1)) {
            spoken.session.kv().setRecomputer(new Unneeded());
            spoken.feed(0, 128 * 30, 128);
            assertThat(spoken.session.kv().deletedTokens()).isPositive();
            assertThatThrownBy(() -> save(spoken, 128 * 30, file)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("are deleted").hasMessageContaining("raise alisa.memory.fast");
        }
        assertThat(file).doesNotExist();
    }

    /** Says that it could compute tokens again, and is not asked to. */
    private static final class Unneeded implements io.alisa.cache.Recomputer {
        @Override
        public @org.jspecify.annotations.Nullable String objection() {
            return null;
        }

        @Override
        public long stateBytes(int tokens) {
            return tokens;
        }

        @Override
        public State begin(int start, int[] tokens) {
            throw new AssertionError("asked to");
        }
    }

    @Test
    void tokensThatAreNotKnownAreSaidSo() throws IOException {
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1)) {
            spoken.feed(0, 10, 10);
            assertThatThrownBy(() -> save(spoken, 9, directory.resolve("ids"))).hasMessageContaining("not known");
        }
    }

    // ---- the file

    @Test
    void onlyItsOwnerMayReadItAndNothingElseIsLeft() throws IOException {
        assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"),
                "this system has no such permissions");
        Path file = saved(SpokenSession.int8(), 70);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void savingTwiceReplacesAndGivesTheSame() throws IOException {
        Path file = saved(SpokenSession.int8(), 70);
        byte[] first = Files.readAllBytes(file);
        assertThat(saved(SpokenSession.int8(), 70)).hasBinaryContent(first);
    }
}
