package io.alisa.measure;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

import io.alisa.attention.AttentionKernels;
import io.alisa.parallel.WorkerTeam;
import io.alisa.schedule.HardwareProfile;

/** Measures a profile, and says what it finds on the way. */
public final class MachineProfiler {
    private final AttentionKernels kernels;
    private final WorkerTeam team = WorkerTeam.shared();
    private final Effort effort;

    /**
     * How much is done.
     *
     * @param seconds     of each measurement
     * @param memoryBytes bytes of memory read: more than any cache holds
     * @param fileBytes   bytes written to the slow tier
     * @param tokens      tokens of the context that is attended
     */
    public record Effort(double seconds, long memoryBytes, long fileBytes, int tokens) {
        /** Some fifteen seconds in all. */
        public static final Effort THOROUGH = new Effort(1.5, 256L << 20, 512L << 20, 65_536);
    }

    public MachineProfiler(AttentionKernels kernels, Effort effort) {
        this.kernels = kernels;
        this.effort = effort;
    }

    /**
     * Measures.
     *
     * @param machine  whose profile it becomes
     * @param slowTier a directory on the disk of the slow tier
     * @param progress gets a line for each figure
     * @throws IOException where the directory can't be used
     */
    public HardwareProfile measure(String machine, Path slowTier, Consumer<String> progress) throws IOException {
        double one = MemoryRates.measure(kernels, new WorkerTeam(1), effort.memoryBytes(), effort.seconds());
        say(progress, "memory, one thread", one);
        double all = MemoryRates.measure(kernels, team, effort.memoryBytes(), effort.seconds());
        say(progress, "memory, " + team.size() + " threads", all);
        SlowTierRates slow = new SlowTierRates(slowTier, effort.fileBytes(), effort.seconds());
        say(progress, "slow tier, writing", slow.writeBytes());
        slow.readBytes()
                .forEach((request, rate) -> say(progress, "slow tier, reading " + request / 1024 + " KiB", rate));
        try (AttentionRates attention = new AttentionRates(kernels, team, effort.tokens())) {
            double dense = attention.dense(effort.seconds());
            say(progress, "attention, dense INT8", dense);
            AttentionRates.Sparse sparse = attention.sparse(effort.seconds());
            say(progress, "attention, selected rows", sparse.rowBytes());
            say(progress, "selection, digests", sparse.digestBytes());
            double multiplyAdds = attention.multiplyAdds(effort.seconds());
            progress.accept(String.format(Locale.ROOT, "%-28s %8.2f G/s", "multiply-adds",
                    multiplyAdds / 1e9));
            return new HardwareProfile(machine, all, one, dense, sparse.rowBytes(), sparse.digestBytes(), multiplyAdds,
                    slow.writeBytes(), slow.readBytes());
        }
    }

    private static void say(Consumer<String> progress, String what, double rate) {
        progress.accept(String.format(Locale.ROOT, "%-28s %8.2f GB/s", what, rate / 1e9));
    }
}
