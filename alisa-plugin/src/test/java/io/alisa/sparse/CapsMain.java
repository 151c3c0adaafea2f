package io.alisa.sparse;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.management.JMException;
import javax.management.ObjectName;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.KvMemory;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.PrivateFile;

/**
 * Sixteen sessions on four threads under tight caps, with real files. The accountant is the JVM: what it counts of native
 * memory, between the steps.
 */
final class CapsMain {
    private static final int SESSIONS = 16;
    private static final int THREADS = 4;
    private static final int LENGTH = 2400;
    private static final int STEPS = 10;
    private static final int OFTEN = 7;
    private static final AttentionShape SHAPE = new AttentionShape(2, 1, 64, 0);
    private static final WorkerTeam TEAM = new WorkerTeam(1);
    /** Native memory that is not on behalf of the JVM itself. */
    private static final Pattern OTHER = Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB\\)");

    private CapsMain() {
    }

    /** Arguments: directory, cap of the fast tier, cap of the slow tier. */
    @SuppressWarnings("SystemOut") // the test reads it
    public static void main(String... args) throws Exception {
        long fastCap = Long.parseLong(args[1]);
        List<Long> right = new ArrayList<>();
        long alone = 0;
        for (int i = 0; i < SESSIONS; i++) {
            try (TieredRun run = run(KvMemory.unlimited(), i)) {
                AtomicLong most = new AtomicLong();
                right.add(talk(run, r -> most.accumulateAndGet(r.kv.bytes(), Math::max)));
                alone += most.get();
            }
        }
        MemoryBudget fast = new MemoryBudget(fastCap);
        MemoryBudget slow = new MemoryBudget(Long.parseLong(args[2]));
        KvMemory memory = new KvMemory(fast, slow, () -> new PrivateFile(Path.of(args[0])));
        try (PrivateFile warm = new PrivateFile(Path.of(args[0]))) {
            warm.reserve(1); // its zeros stay for good
        }
        long before = nativeBytes();
        AtomicLong most = new AtomicLong();
        AtomicInteger steps = new AtomicInteger();
        List<TieredRun> runs = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            runs.add(run(memory, i));
        }
        List<Future<Long>> talks = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (TieredRun run : runs) {
                talks.add(threads.submit(() -> talk(run, r -> {
                    if (steps.incrementAndGet() % OFTEN == 0) {
                        most.accumulateAndGet(nativeBytes() - before, Math::max);
                    }
                })));
            }
        }
        int wrong = 0;
        long sum = 0;
        long demoted = 0;
        for (int i = 0; i < SESSIONS; i++) {
            wrong += talks.get(i).get().equals(right.get(i)) ? 0 : 1;
            sum += runs.get(i).kv.bytes();
            demoted += runs.get(i).kv.demotedBlocks();
        }
        most.accumulateAndGet(nativeBytes() - before, Math::max);
        runs.forEach(TieredRun::close);
        System.out.println("wrong=" + wrong + " alone=" + alone + " most=" + most + " sum=" + sum + " peak="
                + fast.peak() + " slowPeak=" + slow.peak() + " demoted=" + demoted + " left="
                + (fast.reserved() + slow.reserved()) + " leftNative=" + (nativeBytes() - before) + " end");
    }

    private static TieredRun run(KvMemory memory, int which) {
        return new TieredRun(SHAPE, 3, which % 3 == 0 ? null : "swa", 0.3, memory, new VectorKernels(), TEAM, which);
    }

    /** A number that stands for all that was said. */
    private static long talk(TieredRun run, TieredRun.Between between) {
        long said = 1;
        for (float[] output : run.talk(LENGTH, STEPS, between)) {
            said = said * 1_000_003 + Arrays.hashCode(output);
        }
        return said;
    }

    private static long nativeBytes() {
        try {
            String summary = (String) ManagementFactory.getPlatformMBeanServer().invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"), "vmNativeMemory",
                    new Object[]{new String[]{"summary"}}, new String[]{String[].class.getName()});
            Matcher other = OTHER.matcher(summary);
            if (!other.find()) {
                return 0; // nothing at all so far
            }
            return Long.parseLong(other.group(1)) << 10;
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }
}
