package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;

import com.sun.management.ThreadMXBean;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;
import org.junit.jupiter.api.Test;

/** A decode step of a session that has run for a while allocates nothing, on no thread. */
class DecodeAllocationTest {
    private static final int ROOM = 4096;
    private static final int FIRST = 600;
    private static final int STEPS = 200;
    /** Rounds of {@link #STEPS} until the compiler must have done its work: vectors live on the heap before. */
    private static final int MOST_ROUNDS = 400;

    private final ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    private final AttentionShape shape = new AttentionShape(2, 4, 64, 0);
    private final AttentionKernels kernels = new VectorKernels();
    private final RotaryTable rotary = new RotaryTable(new float[ROOM * 32][2], 64);
    private final float[] head = new float[64];
    private final float[] queries = new float[shape.floats(1)];
    private final float[] outputs = new float[shape.floats(1)];

    @Test
    void decodingAllocatesNothing() {
        assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count allocation");
        try (KvSession session = new KvSession(new KvLayout(KvFormat.F32, 2, 64), 1, ROOM)) {
            KvLayer layer = session.layer(0);
            DecodeAttention attention = new DecodeAttention(shape, kernels, Teams.of(3), layer);
            long[] watched = watched();
            allocatedBy(watched, () -> {
            }); // the measuring code's own first run
            long allocated = Long.MAX_VALUE;
            for (int round = 0; allocated != 0 && round < MOST_ROUNDS; round++) {
                long baseline = allocatedBy(watched, () -> {
                });
                allocated = allocatedBy(watched, () -> decode(attention, layer)) - baseline;
            }
            assertThat(allocated).as("bytes of %s steps on %s threads", STEPS, watched.length).isZero();
        }
    }

    /** What the plugin does per layer and step: room for a token, rotation, KV, attention. */
    private void decode(DecodeAttention attention, KvLayer layer) {
        for (int position = FIRST; position < FIRST + STEPS; position++) {
            layer.resize(position + 1);
            rotary.prepare(position, 3);
            for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++) {
                kernels.rotate(head, 0, 64, rotary.cos(), rotary.sin(), rotary.offset(position + 2 * kvHead));
                layer.putKey(position, kvHead, head, 0);
                layer.putValue(position, kvHead, head, 0);
            }
            attention.run(layer, queries, outputs);
        }
    }

    /** This thread and every worker of every team: those not at work allocate nothing anyway. */
    private static long[] watched() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.equals(Thread.currentThread())
                        || thread.getName().startsWith("alisa-worker-"))
                .mapToLong(Thread::threadId).toArray();
    }

    private long allocatedBy(long[] ids, Runnable work) {
        long before = allocated(ids);
        work.run();
        return allocated(ids) - before;
    }

    private long allocated(long[] ids) {
        long sum = 0;
        for (long id : ids) {
            sum += threads.getThreadAllocatedBytes(id);
        }
        return sum;
    }
}
