package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvExport;
import io.alisa.cache.KvMemory;
import io.alisa.save.SessionManifest;
import io.alisa.save.SessionWriter;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is in no tier is computed again while it is saved: the file is that of a session that has everything. */
class SavedWhileDeletedTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 20, 0);
    private static final int LAYERS = 8;
    private static final int TOKENS = 600;
    /** What two threads read from the file with. */
    private static final long BUFFERS = 200_000;

    @TempDir
    Path directory = Path.of("");

    private static TieredRun run(String policy, KvMemory memory) {
        return new TieredRun(SHAPE, LAYERS, policy.equals("none") ? null : policy, 0.4, memory, new VectorKernels(),
                Teams.of(2), 5);
    }

    private Path save(TieredRun run, String name) throws IOException {
        int tokens = run.kv.layer(0).tokens();
        SessionManifest manifest = new SessionManifest("model", "1", "INT8", tokens, LAYERS,
                KvExport.type(run.kv.layout()), KvExport.shape(run.kv.layout()), KvExport.recentShape(run.kv.layout()),
                0, 0, 0, Map.of());
        Path file = directory.resolve(name);
        run.kv.lock().lock();
        try (SessionWriter to = new SessionWriter(file, manifest)) {
            KvExport export = new KvExport(run.kv, tokens);
            to.write(new int[tokens]);
            export.writeRecent(to);
            export.writeBlocks(to);
            to.commit();
        } finally {
            run.kv.lock().unlock();
        }
        return file;
    }

    @ParameterizedTest
    @CsvSource({"none,0", "none,60000", "swa,0"})
    void theFileIsThatOfASessionThatHasEverything(String policy, long slow) throws IOException {
        Path whole;
        List<float[]> expected;
        try (TieredRun run = run(policy, KvMemory.unlimited())) {
            run.talk(TOKENS, 5, r -> {
            });
            whole = save(run, "whole");
            expected = run.talk(0, 20, r -> {
            });
        }
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        KvMemory memory = new KvMemory(fast, new MemoryBudget(slow), MemoryFile::new);
        try (TieredRun run = run(policy, memory)) {
            run.talk(TOKENS, 5, r -> {
            });
            run.kv.giveBack(Long.MAX_VALUE / 2);
            long held = run.kv.bytes();
            fast.setCap(held + BUFFERS);
            long deleted = run.kv.deletedTokens();
            assertThat(deleted).isPositive();
            Path file = save(run, "deleted");
            assertThat(Files.mismatch(file, whole)).as("the first byte that differs").isEqualTo(-1);
            assertThat(run.kv.recomputedTokens()).isGreaterThanOrEqualTo(deleted);
            assertThat(run.openStates()).isZero();
            fast.setCap(Long.MAX_VALUE);
            assertThat(run.talk(0, 20, r -> {
            }).toArray(float[][]::new)).as("what is said then").isDeepEqualTo(expected.toArray(float[][]::new));
        }
        assertThat(fast.reserved()).isZero();
        assertThat(memory.slow().reserved()).isZero();
    }
}
