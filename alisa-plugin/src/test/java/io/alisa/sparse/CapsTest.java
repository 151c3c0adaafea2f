package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.alisa.ChildJvm;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.PrivateFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Caps hold over all sessions, and each gets its share of them. */
@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 1, 64, 0);
    private static final long MIB = 1 << 20;
    private static final int STEPS = 5;
    /** One buffer of the process that no cap knows of: a run of pieces. */
    private static final long READ_AHEAD = 32L * 64 * 130;
    private static final TieredRun.Between NOTHING = run -> {
        // nobody is near
    };

    @TempDir
    Path directory = Path.of("");

    // ---- the cap

    private static long number(String said, String name) {
        Matcher matcher = Pattern.compile("\\b" + name + "=(-?\\d+)").matcher(said);
        assertThat(matcher.find()).as(said).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    /** Counted by the JVM, which knows nothing of budgets. */
    @Test
    void sixteenSessionsStayWithinTheCaps() throws IOException, InterruptedException {
        long fast = 32 * MIB;
        long slow = 60 * MIB;
        String said = ChildJvm.with("-XX:NativeMemoryTracking=summary").run(CapsMain.class, directory.toString(),
                Long.toString(fast), Long.toString(slow));
        assertThat(number(said, "wrong")).as(said).isZero();
        assertThat(number(said, "alone")).as("%s: what they would hold without a cap", said)
                .isGreaterThan(fast * 9 / 8);
        assertThat(number(said, "demoted")).as(said).isGreaterThan(100);
        assertThat(number(said, "most")).as("%s: native memory", said).isBetween(fast / 2,
                fast + fast / 1000 + READ_AHEAD);
        assertThat(number(said, "sum")).as(said).isBetween(fast / 2, fast);
        assertThat(number(said, "peak")).as(said).isLessThanOrEqualTo(fast);
        assertThat(number(said, "slowPeak")).as(said).isPositive().isLessThanOrEqualTo(slow);
        assertThat(number(said, "left")).as(said).isZero();
        assertThat(number(said, "leftNative")).as(said).isBetween(-MIB, MIB / 16 + READ_AHEAD);
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
    }

    /** Long contexts in a fast tier of 5.5 % of what the host would hold: sparse sessions of a model of usual shape. */
    @ParameterizedTest
    @ValueSource(ints = {32_768, 33_000, 65_536})
    void aTwentiethOfTheHostsBytesIsEnough(int tokens) {
        AttentionShape shape = new AttentionShape(8, 4, 64, 0);
        int layers = 4;
        long cap = (long) (0.055 * tokens * layers * 2 * shape.kvHeads() * shape.headSize() * Float.BYTES);
        KvMemory memory = new KvMemory(new MemoryBudget(cap), new MemoryBudget(Long.MAX_VALUE),
                () -> new PrivateFile(directory));
        try (KvSession kv = new KvSession(new KvLayout(KvFormat.INT8, shape.kvHeads(), shape.headSize()), layers,
                2 * tokens, true, memory)) {
            new SparseSession("swa", new Budget(0.2, 0), kv, shape, new VectorKernels(), Teams.of(2));
            for (int start = 0; start < tokens; start += 256) {
                step(kv, start, Math.min(tokens, start + 256));
            }
            for (int position = tokens; position < tokens + 300; position++) {
                step(kv, position, position + 1);
            }
            assertThat(kv.bytes()).isBetween(cap / 2, cap);
        }
    }

    /** Takes memory as a step does. */
    private static void step(KvSession kv, int start, int end) {
        kv.claimShare(end - start);
        for (int i = 0; i < kv.layerCount(); i++) {
            kv.layer(i).resize(start, end);
            Objects.requireNonNull(kv.layer(i).digest()).resize(end / KvLayout.BLOCK_TOKENS);
            kv.layer(i).settle();
        }
        kv.stepDone();
    }

    // ---- shares

    private static TieredRun run(KvMemory memory, @Nullable String policy, long seed) {
        return new TieredRun(SHAPE, 3, policy, 0.3, memory, new VectorKernels(), Teams.of(2), seed);
    }

    private static KvMemory memory(long cap) {
        return new KvMemory(new MemoryBudget(cap), new MemoryBudget(Long.MAX_VALUE), MemoryFile::new);
    }

    private static List<float[]> right(@Nullable String policy, long seed, int length) {
        try (TieredRun run = run(KvMemory.unlimited(), policy, seed)) {
            return run.talk(length, STEPS, NOTHING);
        }
    }

    private static void assertSame(List<float[]> actual, List<float[]> right) {
        assertThat(actual).hasSameSizeAs(right);
        for (int i = 0; i < right.size(); i++) {
            assertThat(actual.get(i)).as("output %s", i).isEqualTo(right.get(i));
        }
    }

    @Test
    void aLateSessionGetsItsShareOfAnIdleOnes() {
        KvMemory memory = memory(5 * MIB);
        try (TieredRun early = run(memory, "swa", 1)) {
            List<float[]> said = early.talk(3800, STEPS, NOTHING);
            assertThat(memory.fast().free()).as("it holds everything").isLessThan(MIB / 2);
            try (TieredRun late = run(memory, "swa", 2)) {
                assertSame(late.talk(3000, STEPS, NOTHING), right("swa", 2, 3000));
                assertThat(late.kv.bytes()).isGreaterThan(2 * MIB);
                assertThat(early.kv.bytes()).isBetween(MIB, 3 * MIB);
            }
            assertSame(said, right("swa", 1, 3800));
        }
    }

    /** What one batch needs is more than a frame or two, and all of it must be there before any of it can move. */
    @Test
    void aLateSessionGetsRoomForALargeFirstBatch() {
        KvMemory memory = memory(8 * MIB);
        try (TieredRun early = run(memory, "swa", 1)) {
            early.talk(4000, 0, NOTHING);
            memory.fast().setCap(memory.fast().reserved()); // it holds everything
            try (TieredRun late = run(memory, null, 2)) {
                late.talkInOneBatch(1000, NOTHING);
                assertThat(late.kv.layer(2).tokens()).isEqualTo(1000);
            }
        }
    }

    /** The late one waits for the step in progress, and then has what it asked for. */
    @Test
    void aLateSessionGetsItsShareOfOneInTheMiddleOfAStep() throws InterruptedException, ExecutionException {
        KvMemory memory = memory(5 * MIB);
        try (TieredRun early = run(memory, "swa", 1)) {
            early.talk(3800, STEPS, NOTHING);
            FutureTask<List<float[]>> talk = new FutureTask<>(() -> {
                try (TieredRun late = run(memory, "swa", 2)) {
                    return late.talk(1500, STEPS, NOTHING);
                }
            });
            Thread thread = Thread.ofPlatform().unstarted(talk);
            early.kv.lock().lock();
            try {
                early.kv.layer(0).pin();
                thread.start();
                while (!early.kv.lock().hasQueuedThread(thread)) {
                    Thread.onSpinWait();
                }
                assertThat(talk.isDone()).isFalse();
                early.kv.layer(0).unpin();
            } finally {
                early.kv.lock().unlock();
            }
            assertSame(talk.get(), right("swa", 2, 1500));
            thread.join();
        }
        assertThat(memory.fast().reserved()).isZero();
    }

    /** Two that ask each other at the same time, again and again. */
    @Test
    void sessionsThatAskEachOtherDoNotWaitForEachOther() throws InterruptedException, ExecutionException {
        KvMemory memory = memory(5 * MIB);
        List<FutureTask<List<float[]>>> talks = Stream.of(1L, 2L).map(seed -> new FutureTask<>(() -> {
            try (TieredRun run = run(memory, "swa", seed)) {
                return run.talk(2500, STEPS, NOTHING);
            }
        })).toList();
        talks.forEach(talk -> Thread.ofPlatform().start(talk));
        for (int i = 0; i < talks.size(); i++) {
            assertSame(talks.get(i).get(), right("swa", i + 1L, 2500));
        }
        assertThat(memory.fast().reserved()).isZero();
        assertThat(memory.fast().peak()).isLessThanOrEqualTo(5 * MIB);
    }
}
