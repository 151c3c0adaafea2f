package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.FedSession;
import io.alisa.attention.Tokens;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/** What is pinned is attended by every policy, counts against its budget, and is never deleted. */
class PinnedTokensTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 16, 0);
    private static final Budget BUDGET = new Budget(0.2, 0);

    @ParameterizedTest
    @ValueSource(strings = {"swa-paper", "h2o", "streaming-llm", "local", "strided"})
    void everyPolicyAttendsIt(String policy) {
        TokenSelector selector = Policies.selector(policy, BUDGET, SHAPE);
        Random random = new Random(3);
        try (KvSession kv = new KvSession(new KvLayout(KvFormat.F32, 2, 16), 1, 2000)) {
            kv.pin(70, 110);
            kv.pin(300, 303);
            KvLayer layer = kv.layer(0);
            Selection selection = new Selection(2);
            for (int tokens = 200; tokens < 1000; tokens++) {
                layer.resize(tokens);
                selector.begin(tokens - 1);
                selection.begin(tokens);
                selection.pin(layer.pinned(), tokens);
                selector.select(layer, new float[SHAPE.floats(1)], selection);
                for (int head = 0; head < 2; head++) {
                    check(selection, head, tokens, selector.observes());
                    if (selector.observes()) {
                        float[] weights = new float[selection.count(head)];
                        for (int i = 0; i < weights.length; i++) { // pinned ones weigh most
                            int position = selection.positions(head)[i];
                            weights[i] = random.nextFloat() + (position >= 70 && position < 110 ? 100 : 0);
                        }
                        selector.observe(tokens - 1, head, selection.positions(head), selection.count(head), weights);
                    }
                }
            }
        }
    }

    private static void check(Selection selection, int head, int tokens, boolean competes) {
        for (int position = 70; position < 110; position++) {
            assertThat(selection.bits(head)[position / 64] >>> position & 1).as("%s of %s", position, tokens).isOne();
        }
        if (tokens > 303) {
            assertThat(selection.bits(head)[301 / 64] >>> 301 & 1).isOne();
        }
        assertThat(selection.bits(head)[(tokens - 1) / 64] >>> (tokens - 1) & 1).as("the newest").isOne();
        int pinned = tokens > 303 ? 43 : 40;
        int most = Math.max(BUDGET.total(tokens), pinned + BUDGET.total(tokens, pinned));
        assertThat(selection.count(head)).isLessThanOrEqualTo(most);
        if (pinned <= tokens * 0.1) {
            assertThat(selection.count(head)).as("within the budget").isLessThanOrEqualTo(BUDGET.total(tokens) + 1);
            if (competes) {
                assertThat(selection.count(head)).as("and all of it").isGreaterThanOrEqualTo(BUDGET.total(tokens) - 3);
            }
        }
    }

    /** What a policy attends anyway, the newest and perhaps the first, costs nothing when it is pinned. */
    @ParameterizedTest
    @ValueSource(strings = {"swa", "swa-paper", "h2o", "streaming-llm", "local", "strided"})
    void whatIsAttendedAnywayCostsNothing(String policy) {
        for (int[] span : new int[][]{{0, 4}, {910, 998}, {960, 1000}, {0, 90}, {850, 940}}) {
            try (FedSession session = new FedSession(SHAPE, KvFormat.INT8, true, new VectorKernels(),
                    WorkerTeam.shared(), Tokens.random(16, 2, 1))) {
                session.kv.pin(span[0], span[1]);
                SparseSession sparse = new SparseSession(policy, BUDGET, session.kv, SHAPE, session.kernels,
                        session.team);
                session.begin(0, 999);
                sparse.prefilled(0, session.layer(), 0, 999, session.queries);
                session.settle();
                session.begin(999, 1000);
                sparse.decode(0, session.layer(), session.queries, new float[session.queries.length]);
                int tolerance = policy.equals("swa") ? 5 : policy.equals("strided") ? 12 : 1;
                assertThat(sparse.attended()).as("%d to %d are pinned", span[0], span[1]).isBetween(200.0 - tolerance,
                        201.0);
            }
        }
    }

    /** The default policy: a pinned token that would weigh nothing is attended in every step. */
    @Test
    void theDefaultPolicyAttendsItInEveryStep() {
        try (TieredRun free = new TieredRun(SHAPE, 2, "swa", 0.2, KvMemory.unlimited(), new VectorKernels(),
                WorkerTeam.shared(), 5);
                TieredRun pinned = new TieredRun(SHAPE, 2, "swa", 0.2, KvMemory.unlimited(), new VectorKernels(),
                        WorkerTeam.shared(), 5)) {
            pinned.kv.pin(64, 128);
            assertThat(pinned.talk(600, 20, run -> {
            })).as("another selection").isNotEqualTo(free.talk(600, 20, run -> {
            }));
            assertThat(pinned.kv.pinned().count(1000)).isEqualTo(64);
        }
    }

    /** Where no tier has room for a prompt, parts of it are deleted: never those that are pinned. */
    @Test
    void itIsNeverDeleted() {
        for (boolean pin : new boolean[]{false, true}) {
            MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
            KvMemory memory = new KvMemory(fast, new MemoryBudget(0), () -> new MemoryFile((call, bytes) -> {
            }));
            try (TieredRun run = new TieredRun(SHAPE, 12, null, 1, memory, new VectorKernels(), WorkerTeam.shared(),
                    5)) {
                if (pin) {
                    run.kv.pin(64, 400);
                }
                boolean[] inPinned = new boolean[1];
                run.talk(1000, 0, r -> {
                });
                run.kv.giveBack(fast.reserved() / 4);
                for (int block = 1; block < 400 / 64; block++) {
                    inPinned[0] |= run.kv.isDeleted(block);
                }
                assertThat(run.kv.deletedTokens()).as("deleted at all").isPositive();
                assertThat(inPinned[0]).as("deleted of the pinned ones").isEqualTo(!pin);
            }
        }
    }

    /** It would be computed again in every step: others make room for it. */
    @Test
    void whatWasDeletedBeforeItWasPinnedComesBackToStay() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        KvMemory memory = new KvMemory(fast, new MemoryBudget(0), MemoryFile::new);
        try (TieredRun run = new TieredRun(SHAPE, 12, null, 1, memory, new VectorKernels(), WorkerTeam.shared(), 5)) {
            run.talk(2000, 0, r -> {
            });
            run.kv.giveBack(fast.reserved() / 4);
            fast.setCap(fast.reserved());
            int block = 1;
            while (!run.kv.isDeleted(block)) {
                block++;
            }
            assertThat(run.kv.deletedTokens()).isGreaterThan(64);
            run.kv.pin(block * 64, block * 64 + 20);
            run.talk(2000, 1, r -> {
            });
            assertThat(run.kv.isDeleted(block)).isFalse();
            assertThat(run.kv.deletedTokens()).as("others are still deleted").isPositive();
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        }
    }

    /** A conversation of which so much is deleted, and RAM is full. */
    private static TieredRun partlyDeleted(MemoryBudget fast, MemoryBudget slow, int blocks, long giveBack) {
        TieredRun run = new TieredRun(SHAPE, 12, null, 1, new KvMemory(fast, slow, MemoryFile::new),
                new VectorKernels(), WorkerTeam.shared(), 5);
        run.talk(2000, 0, r -> {
        });
        run.kv.giveBack(giveBack);
        fast.setCap(fast.reserved());
        assertThat(run.kv.deletedTokens()).isEqualTo(blocks * 64L);
        return run;
    }

    private static MemoryAccount kept(MemoryBudget fast, int bytes) {
        MemoryAccount kept = fast.open(wanted -> {
        });
        fast.setCap(fast.cap() + bytes);
        assertThat(kept.tryReserve(bytes)).isTrue();
        kept.setIdle(true);
        return kept;
    }

    private static void step(TieredRun run) {
        run.talk(2000, 1, r -> {
        });
    }

    @Test
    void nothingIsDeletedForWhatCannotComeBackAllTheSame() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        try (TieredRun run = partlyDeleted(fast, new MemoryBudget(0), 15, 600_000)) {
            run.kv.pin(0, 18 * 64);
            long deletions = run.kv.deletions();
            step(run);
            assertThat(run.kv.deletions()).isEqualTo(deletions);
            assertThat(run.kv.deletedTokens()).isEqualTo(15 * 64);
        }
    }

    /** What somebody is saving counts as free and gives nothing. */
    @Test
    void norWhereWhatIsKeptDoesNotGiveWay() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        try (TieredRun run = partlyDeleted(fast, new MemoryBudget(0), 15, 600_000);
                MemoryAccount kept = kept(fast, 1 << 26)) {
            fast.setReclaimer((budget, bytes) -> false);
            run.kv.pin(0, 18 * 64);
            long deletions = run.kv.deletions();
            step(run);
            assertThat(run.kv.deletions()).isEqualTo(deletions);
            assertThat(kept.reserved()).isEqualTo(1 << 26);
        }
    }

    /** A step claims some of what is kept for itself; no more goes for what comes back in no case. */
    @Test
    void norDoesWhatIsKeptGiveWayInVain() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        try (TieredRun run = partlyDeleted(fast, new MemoryBudget(0), 24, 1_200_000);
                MemoryAccount kept = kept(fast, 1_000_000)) {
            fast.setReclaimer((budget, bytes) -> {
                long given = Math.min(bytes, kept.reserved());
                kept.release(given);
                return given > 0;
            });
            run.kv.pin(0, 2000);
            step(run);
            assertThat(run.kv.deletedTokens()).isEqualTo(24 * 64);
            assertThat(kept.reserved()).isGreaterThan(500_000);
        }
    }

    /** Others go to the file for it where that has room again, and none of them is deleted. */
    @Test
    void othersGoToTheFileForWhatComesBack() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        MemoryBudget slow = new MemoryBudget(0);
        try (TieredRun run = partlyDeleted(fast, slow, 15, 600_000)) {
            slow.setCap(Long.MAX_VALUE);
            run.kv.pin(0, 7 * 64);
            long deletions = run.kv.deletions();
            step(run);
            assertThat(run.kv.isDeleted(1)).isFalse();
            assertThat(run.kv.isDeleted(6)).isFalse();
            assertThat(run.kv.isDeleted(7)).isTrue();
            assertThat(run.kv.demotedBlocks()).isPositive();
            assertThat(run.kv.deletions()).isEqualTo(deletions);
            assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        }
    }
}
