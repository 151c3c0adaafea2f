package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
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

/** A session that was saved and restored says what it would have said, whatever the tiers, the caps and the threads. */
class SavedSessionsTest {
    private static final String MODEL = "TINY-1";
    private static final long MIB = 1 << 20;

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

    private static SpokenSession restore(Path file, KvMemory memory, int threads) throws IOException {
        return restore(file, memory, threads, KvFormat.F32);
    }

    private static SpokenSession restore(Path file, KvMemory memory, int threads, KvFormat hostFormat)
            throws IOException {
        Restored restored = SavedSessions.restore(file, MODEL, SpokenSession.shape(hostFormat),
                SpokenSession.VOCABULARY, true, mode -> SpokenSession.session(mode, memory, threads));
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
            spoken.save(MODEL, file);
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
    @CsvSource({"int8,900", "swa,1750", "h2o,1250"})
    void tiersAndCapsChangeNothing(String name, int kibibytes) throws IOException {
        Path roomy = directory.resolve("roomy");
        Path demoted = directory.resolve("tight");
        int tokens = 3900;
        List<float[]> expected;
        try (SpokenSession spoken = SpokenSession.open(mode(name), KvMemory.unlimited(), 2)) {
            spoken.feed(0, tokens, 200);
            spoken.save(MODEL, roomy);
            expected = goOn(spoken, tokens);
        }
        long tight = kibibytes * 1024L; // too little for all the blocks
        KvMemory caps = memory(tight, 20 * MIB);
        try (SpokenSession spoken = SpokenSession.open(mode(name), caps, 2)) {
            spoken.feed(0, tokens, 200);
            assertThat(spoken.session.kv().demotedBlocks()).as("in the file").isPositive();
            spoken.save(MODEL, demoted);
        }
        assertThat(Files.mismatch(roomy, demoted)).as("saved from whatever tier").isEqualTo(-1);
        try (SpokenSession restored = restore(demoted, caps, 1)) {
            assertThat(restored.session.kv().demotedBlocks()).as("went on to the file").isPositive();
            assertThat(caps.fast().peak()).isLessThanOrEqualTo(tight);
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
            spoken.save(MODEL, file);
            try (SpokenSession restored = restore(file, KvMemory.unlimited(), 1, KvFormat.BF16)) {
                for (int block = 0; block < 3; block++) {
                    assertThat(SpokenSession.bytes(restored.session.kv().layer(1), block))
                            .isEqualTo(SpokenSession.bytes(spoken.session.kv().layer(1), block));
                }
            }
            refused(() -> restore(file, KvMemory.unlimited(), 1, KvFormat.F32), "attends in a way");
        }
    }

    /** A session that only took blocks over has no floats of the last one: going back into it finds what eight bits hold. */
    @Test
    void whoGoesBackIntoABlockThatWasTakenOverFindsItsTokens() throws IOException {
        Path file = directory.resolve("taken-over");
        List<float[]> expected;
        try (SpokenSession parent = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1);
                SpokenSession child = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1)) {
            parent.feed(0, 200, 100);
            parent.session.kv().freeze(128);
            assertThat(child.session.kv().inherit(parent.session.kv(), 128)).isTrue();
            child.session.reuse(128);
            child.binding().record(0, SpokenSession.ids(128));
            child.binding().beginAgain();
            child.save(MODEL, file);
            parent.session.kv().freeze(0);
            expected = parent.feed(120, 140, 1);
        }
        try (SpokenSession restored = restore(file, KvMemory.unlimited(), 1)) {
            assertSame(restored.feed(120, 140, 1), expected);
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
            spoken.save(MODEL, file);
        }
        return file;
    }

    @Test
    void whatIsNotForThisModelIsRefused() throws IOException {
        Path file = saved(SpokenSession.int8(), 100);
        ModelShape shape = SpokenSession.shape(KvFormat.F32);
        refused(() -> SavedSessions.restore(file, "TINY-2", shape, SpokenSession.VOCABULARY, true, mode -> {
            throw new AssertionError("opened");
        }), "another model");
        refused(() -> SavedSessions.restore(file, MODEL, shape, 50, true, mode -> {
            throw new AssertionError("opened");
        }), "a token that the model does not know");
        ModelShape shorter = new ModelShape("TINY", 3, 99, 80, 0, 2, 2, 0, 4, 20, KvFormat.F32, 1, 0, 160);
        refused(() -> SavedSessions.restore(file, MODEL, shorter, SpokenSession.VOCABULARY, true, mode -> {
            throw new AssertionError("opened");
        }), "more tokens than the model's context");
    }

    @Test
    void whatIsOfAnotherShapeIsRefusedBeforeASessionOpens() throws IOException {
        Path file = saved(SpokenSession.int8(), 100);
        ModelShape deeper = new ModelShape("TINY", 4, 4096, 80, 0, 2, 2, 0, 4, 20, KvFormat.F32, 1, 0, 160);
        ModelShape wider = new ModelShape("TINY", 3, 4096, 80, 0, 4, 1, 0, 4, 20, KvFormat.F32, 1, 0, 320);
        for (ModelShape shape : List.of(deeper, wider)) {
            refused(() -> SavedSessions.restore(file, MODEL, shape, SpokenSession.VOCABULARY, true, mode -> {
                throw new AssertionError("opened");
            }), "laid out otherwise");
        }
    }

    private Path endingWith(int pending, boolean marked, boolean marks) throws IOException {
        Path file = directory.resolve("pending");
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1)) {
            spoken.feed(0, 100, 100);
            spoken.binding().pending().setMarked(marked);
            spoken.binding().pending().chosen(pending, 100);
            spoken.save(MODEL, marks, file);
        }
        return file;
    }

    private static int position(Path file, boolean marks) throws IOException {
        Restored restored = SavedSessions.restore(file, MODEL, SpokenSession.shape(KvFormat.F32),
                SpokenSession.VOCABULARY, marks, mode -> SpokenSession.session(mode, KvMemory.unlimited(), 1));
        Sessions sessions = new Sessions();
        Object model = new Object();
        return sessions.created(new Object(), model, sessions.restored(model, restored)).next();
    }

    /** Else the host would begin behind what is there, and attend what nobody wrote. */
    @Test
    void howPromptsBeginIsTheModelsToSay() throws IOException {
        Path unmarked = endingWith(7, false, false);
        refused(() -> position(unmarked, true), "begin otherwise");
        assertThat(position(unmarked, false)).isEqualTo(101);
        Path marked = endingWith(7, true, true);
        refused(() -> position(marked, false), "begin otherwise");
        assertThat(position(marked, true)).isEqualTo(100);
    }

    /** Who feeds tokens himself never asks where a prompt begins. */
    @Test
    void aTokenThatSomebodyChoseHimselfComesInTheMarksPlaceToo() throws IOException {
        assertThat(position(endingWith(7, false, true), true)).isEqualTo(100);
    }

    /** Saved between the steps of who feeds tokens himself, none is pending: he goes on behind the last one. */
    @Test
    void withoutAPendingTokenTheNextOneComesBehindTheLast() throws IOException {
        assertThat(position(saved(SpokenSession.int8(), 100), true)).isEqualTo(100);
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
    void tokensThatAreNotKnownAreSaidSo() {
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1)) {
            spoken.feed(0, 10, 10);
            spoken.binding().tokens().cut(9);
            assertThatThrownBy(() -> spoken.save(MODEL, directory.resolve("ids"))).hasMessageContaining("not known");
        }
    }

    private static void refusedMidway(SpokenSession spoken, Path file) {
        assertThatThrownBy(() -> spoken.save(MODEL, file)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("its last one failed; go on with it and save it then");
        assertThat(file).doesNotExist();
    }

    /** Some batches of a conversation that is computed again are there: what was said behind them would be gone for good. */
    @Test
    void aSessionThatIsBehindItsConversationIsRefused() throws IOException {
        Path file = directory.resolve("behind");
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1)) {
            Binding binding = spoken.binding();
            spoken.feed(0, 200, 100);
            binding.record(0, SpokenSession.ids(300));
            binding.record(300, SpokenSession.ids(50)); // the prompt behind what is computed again
            refusedMidway(spoken, file);
            assertThat(binding.forgetFailedStep()).isTrue();
            assertThat(binding.tokens().size()).isEqualTo(300);
            refusedMidway(spoken, file);
            binding.beginAgain();
            refusedMidway(spoken, file);
            spoken.feed(200, 300, 100);
            binding.pending().chosen(7, 300);
            spoken.save(MODEL, file);
        }
    }

    /** Before the next step and in the middle of a first prompt nothing lacks that was known before. */
    @Test
    void idsOfAStepThatIsAboutToComeAreNotMissed() throws IOException {
        Path file = directory.resolve("ahead");
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1)) {
            spoken.feed(0, 200, 100);
            spoken.binding().record(0, SpokenSession.ids(300));
            spoken.save(MODEL, file);
            spoken.feed(200, 300, 1);
            spoken.binding().recordOne(300, 7);
            spoken.save(MODEL, file);
            try (SpokenSession restored = restore(file, KvMemory.unlimited(), 1)) {
                assertThat(restored.session.tokens()).isEqualTo(300);
            }
        }
    }

    /** What a reply ended with, how the tokens were computed, and from where on sparsely: others may go on with it. */
    @Test
    void whatIsKnownOfTheConversationComesBackToo() throws IOException {
        Path file = directory.resolve("known");
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.sparse("swa", KvFormat.INT8), KvMemory.unlimited(),
                1)) {
            spoken.feed(0, 130, 65);
            spoken.feed(130, 140, 1);
            spoken.binding().pending().chosen(77, 140);
            spoken.binding().pending().setMarked(true);
            spoken.binding().pin(3, 20);
            spoken.binding().pin(60, 70);
            spoken.save(MODEL, file);
        }
        Restored restored = SavedSessions.restore(file, MODEL, SpokenSession.shape(KvFormat.F32),
                SpokenSession.VOCABULARY, true, mode -> SpokenSession.session(mode, KvMemory.unlimited(), 1));
        assertThat(restored.ids()).isEqualTo(SpokenSession.ids(140));
        assertThat(restored.computed().bounds()).containsExactly(0, 65, 65, 130);
        assertThat(restored.computed().sparseFrom()).isEqualTo(130);
        assertThat(restored.session().kv().pinned().count(140)).isEqualTo(27);

        Sessions sessions = new Sessions();
        Object model = new Object();
        UUID id = sessions.restored(model, restored);
        assertThat(sessions.created(new Object(), new Object(), id).next()).as("another model").isZero();
        Object kvBuffer = new Object();
        Binding binding = sessions.created(kvBuffer, model, id);
        assertThat(binding.next()).as("the pending token comes in the mark's place").isEqualTo(140);
        assertThat(sessions.find(kvBuffer)).isSameAs(binding);
        assertThat(sessions.created(new Object(), model, id).next()).as("a second time").isZero();
        assertThat(binding.pending().isAt(140)).isTrue();
        assertThat(binding.pending().token()).isEqualTo(77);
        assertThat(binding.held()).isSameAs(restored.session());
        assertThat(sessions.goOn(binding, 140)).isTrue();
        assertThat(restored.session().kv().pinned().from(1)).isEqualTo(60);
        assertThat(binding.session()).isSameAs(restored.session());
        sessions.close(binding);
        assertThat(restored.session().kv().isClosed()).isTrue();
    }

    /** A restored session that nobody has gone on with gives way like a closed one; its ids stay. */
    @Test
    void aRestoredSessionThatGaveWayIsComputedAgain() throws IOException {
        Path file = saved(SpokenSession.int8(), 100);
        Restored restored = SavedSessions.restore(file, MODEL, SpokenSession.shape(KvFormat.F32),
                SpokenSession.VOCABULARY, true, mode -> SpokenSession.session(mode, KvMemory.unlimited(), 1));
        Sessions sessions = new Sessions();
        Object model = new Object();
        UUID id = sessions.restored(model, restored);
        sessions.kept().dropKept();
        Binding binding = sessions.created(new Object(), model, id);
        assertThat(binding.next()).isEqualTo(100);
        assertThat(sessions.goOn(binding, 100)).isFalse();
        assertThat(binding.tokens().first(100)).isEqualTo(SpokenSession.ids(100));
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

    /** Another prompt may begin in this session's place while its file is being made. */
    @Test
    void theIdsAreThoseOfTheKeysAndValues() throws IOException {
        try (SpokenSession spoken = SpokenSession.open(SpokenSession.int8(), KvMemory.unlimited(), 1)) {
            spoken.feed(0, 100, 100);
            Path file = directory.resolve("session");
            spoken.save(MODEL, overtaken(file, () -> spoken.binding().record(0, 7, 7, 7)));
            Restored restored = SavedSessions.restore(file, MODEL, SpokenSession.shape(KvFormat.F32),
                    SpokenSession.VOCABULARY, true, mode -> SpokenSession.session(mode, KvMemory.unlimited(), 1));
            assertThat(restored.ids()).isEqualTo(SpokenSession.ids(100));
            restored.session().close();
        }
    }

    /** A path where something happens when a file is about to be made there. */
    private static Path overtaken(Path file, Runnable then) {
        return (Path) Proxy.newProxyInstance(Path.class.getClassLoader(), new Class<?>[]{Path.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("toAbsolutePath")) {
                        then.run();
                    }
                    return method.invoke(file, arguments);
                });
    }
}
