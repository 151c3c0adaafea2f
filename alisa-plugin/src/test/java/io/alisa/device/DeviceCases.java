package io.alisa.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.ScalarKernels;
import io.alisa.attention.Teams;
import io.alisa.cache.KvMemory;
import io.alisa.sparse.TieredRun;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;

/** Conversations with a device and without: what is said must be the same but for rounding. */
public final class DeviceCases {
    private static final TieredRun.Between NOTHING = run -> {
        // nobody is near
    };

    private final Function<MemoryBudget, Device> devices;
    private final AttentionKernels kernels;
    private final double tolerance;

    /** @param tolerance largest squared error over squared length */
    public DeviceCases(Function<MemoryBudget, Device> devices, AttentionKernels kernels, double tolerance) {
        this.devices = devices;
        this.kernels = kernels;
        this.tolerance = tolerance;
    }

    /** A conversation. */
    public record Case(AttentionShape shape, int layers, @Nullable String policy, double ratio, int length, int steps,
            long seed) {
        /** Awkward ones too. */
        public static Case random(long seed, @Nullable String policy, int... headSizes) {
            Random random = new Random(seed);
            AttentionShape shape = new AttentionShape(1 + random.nextInt(3), 1 + random.nextInt(4),
                    headSizes[random.nextInt(headSizes.length)], random.nextInt(4) == 0 ? 20 : 0);
            return new Case(shape, 1 + random.nextInt(3), policy, 0.1 + 0.8 * random.nextDouble(),
                    1 + random.nextInt(900), random.nextInt(30), seed);
        }

        /** The same, but no longer. */
        public Case atMost(int mostTokens, int mostSteps) {
            return new Case(shape, layers, policy, ratio, Math.min(length, mostTokens), Math.min(steps, mostSteps),
                    seed);
        }

        /** Every other conversation has pinned tokens. */
        public void pin(TieredRun run) {
            if (seed % 2 == 0) {
                run.kv.pin(2, 70);
                run.kv.pin(130, 131);
            }
        }

        /** What selects adds up as the reference does, so that tokens that weigh nearly the same are told apart the same way. */
        public TieredRun open(AttentionKernels kernels, KvMemory memory) {
            return new TieredRun(shape, layers, policy, ratio, Math.max(TieredRun.CONTEXT, 2 * length), memory,
                    "swa".equals(policy) ? new ScalarKernels() : kernels, Teams.of(1 + (int) seed % 3), seed);
        }

        /** Bytes of a block on the device. */
        public long blockBytes() {
            return shape.kvHeads() * 64L * (2 * ((shape.headSize() + 3) / 4 * 4) + 2);
        }
    }

    /** What is said on the CPU alone. */
    public List<float[]> expected(Case given) {
        try (TieredRun run = given.open(kernels, KvMemory.unlimited())) {
            given.pin(run);
            return run.talk(given.length(), given.steps(), NOTHING);
        }
    }

    /**
     * Has the case talk with the help of a device, and compares.
     *
     * @param budget  of the device
     * @param memory  of the session
     * @param between is run between layers
     * @return the most blocks that were on the device between steps
     */
    public int check(Case given, MemoryBudget budget, KvMemory memory, TieredRun.Between between) {
        List<float[]> expected = expected(given);
        int[] most = new int[1];
        Device device = devices.apply(budget);
        List<String> warnings = new ArrayList<>();
        DeviceTier tier = new DeviceTier(device, budget, warnings::add);
        try (TieredRun run = given.open(kernels, memory)) {
            run.useDevice(tier);
            given.pin(run);
            compare(given, run.talk(given.length(), given.steps(), r -> {
                between.layers(r);
                DeviceSession session = r.kv.device();
                most[0] = Math.max(most[0], session == null ? 0 : session.heldBlocks());
            }), expected);
        } finally {
            device.close();
        }
        assertThat(warnings).isEmpty();
        assertThat(budget.reserved()).as("left over on the device").isZero();
        return most[0];
    }

    /** As {@link #check(Case, MemoryBudget, KvMemory, TieredRun.Between)} with all the room there is. */
    public int check(Case given) {
        return check(given, MemoryBudget.unlimited(), KvMemory.unlimited(), NOTHING);
    }

    /** Says where outputs differ. */
    public void compare(Case given, List<float[]> actual, List<float[]> expected) {
        assertThat(actual).as("%s", given).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(nmse(actual.get(i), expected.get(i))).as("%s, output %s", given, i)
                    .isLessThanOrEqualTo(tolerance);
        }
    }

    private static double nmse(float[] actual, float[] expected) {
        double error = 0;
        double length = 0;
        for (int i = 0; i < actual.length; i++) {
            error += ((double) actual[i] - expected[i]) * ((double) actual[i] - expected[i]);
            length += (double) expected[i] * expected[i];
        }
        return error / length;
    }
}
