package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import io.alisa.tier.RefusingBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A file that gives back something else than was written, or nothing, at each read of a conversation in turn: either the
 * same is said, or one exception says why not.
 */
class DamageTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 16, 0);
    private static final int LAYERS = 7;
    private static final long ROOM = 1 << 20;

    /** How a read goes wrong. */
    enum Damage {
        FLIPPED_BIT, ERROR
    }

    @ParameterizedTest
    @CsvSource({"FLIPPED_BIT, none", "FLIPPED_BIT, swa", "ERROR, none", "ERROR, h2o"})
    void neverUsed(Damage damage, String name) {
        String policy = name.equals("none") ? null : name;
        AtomicInteger reads = new AtomicInteger();
        List<float[]> expected = talk(policy, new MemoryBudget(Long.MAX_VALUE), reads, -1, damage);
        int all = reads.get();
        assertThat(all).as("reads").isGreaterThan(100);
        int recomputed = 0;
        for (int at = 0; at < all; at += 1 + all / 150) {
            MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
            try {
                List<float[]> actual = talk(policy, fast, new AtomicInteger(), at, damage);
                assertThat(actual).as("read %s", at).hasSameSizeAs(expected);
                for (int i = 0; i < actual.size(); i++) {
                    assertThat(actual.get(i)).as("read %s, output %s", at, i).isEqualTo(expected.get(i));
                }
                recomputed++;
            } catch (IllegalStateException e) {
                assertThat(e).as("read %s", at).hasMessageContaining("can't be recomputed")
                        .hasMessageContaining("only whole blocks of prompts");
            }
            assertThat(fast.reserved()).as("left over").isZero();
        }
        assertThat(recomputed).as("conversations that went on").isGreaterThan(20);
    }

    /** Everything that can be is in the file at each layer. */
    private static List<float[]> talk(@Nullable String policy, MemoryBudget fast, AtomicInteger reads, int at,
            Damage damage) {
        KvMemory memory = new KvMemory(fast, new MemoryBudget(Long.MAX_VALUE), () -> new MemoryFile((call, bytes) -> {
            if (call.equals("read") && reads.getAndIncrement() == at) {
                spoil(bytes, damage);
            }
        }));
        fast.setCap(64 * ROOM);
        try (TieredRun run = new TieredRun(SHAPE, LAYERS, policy, 0.3, memory, new VectorKernels(), Teams.of(2), 7)) {
            return run.talk(400, 12, r -> r.kv.giveBack(fast.free() + 64 * ROOM));
        }
    }

    private static void spoil(byte[] bytes, Damage damage) throws IOException {
        if (damage == Damage.ERROR) {
            throw new IOException("The disk is gone");
        }
        bytes[bytes.length / 2] ^= 4;
    }

    /** From the damaged read on there is no memory to compute anything again. */
    @ParameterizedTest
    @CsvSource({"none", "swa"})
    void saysWhenThereIsNoRoomToRecompute(String name) {
        String policy = name.equals("none") ? null : name;
        int full = 0;
        for (int at = 0; at < 100; at += 7) {
            int damaged = at;
            MemoryBudget fast = new RefusingBudget(64 * ROOM, -1); // what is claimed in advance could still be taken
            AtomicInteger reads = new AtomicInteger();
            KvMemory memory = new KvMemory(fast, new MemoryBudget(Long.MAX_VALUE),
                    () -> new MemoryFile((call, bytes) -> {
                        if (call.equals("read") && reads.getAndIncrement() == damaged) {
                            fast.setCap(0);
                            spoil(bytes, Damage.FLIPPED_BIT);
                        }
                    }));
            try (TieredRun run = new TieredRun(SHAPE, LAYERS, policy, 0.3, memory, new VectorKernels(), Teams.of(2),
                    7)) {
                Throwable thrown = catchThrowable(() -> run.talk(400, 12, r -> r.kv.giveBack(fast.free() + 64 * ROOM)));
                if (thrown instanceof MemoryFullException) {
                    assertThat(thrown).hasMessageContaining("alisa.memory.fast");
                    full++;
                } else if (thrown != null) {
                    assertThat(thrown).hasMessageContaining("can't be recomputed");
                }
            }
            assertThat(fast.reserved()).as("left over").isZero();
        }
        assertThat(full).as("conversations that ended for want of memory").isPositive();
    }
}
