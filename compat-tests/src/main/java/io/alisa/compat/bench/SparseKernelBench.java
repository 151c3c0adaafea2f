package io.alisa.compat.bench;

import java.util.concurrent.TimeUnit;

import io.alisa.cache.KvFormat;
import io.alisa.sparse.Budget;
import io.alisa.sparse.SparseSession;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Sparse decode attention alone over INT8 KV: the selection and the attention of what it selected. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class SparseKernelBench {
    @Param("1024")
    public int tokens;

    @Param("0.2")
    public double ratio;

    private KernelKv kv;
    private SparseSession sparse;

    /** Where the time goes, summed over the steps of an iteration. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Parts {
        public long selectNanos;
        public long attendNanos;
    }

    @Setup
    public void fill() {
        kv = new KernelKv(KvFormat.INT8, tokens, true);
        sparse = new SparseSession("swa", new Budget(ratio, 0), kv.session, KernelKv.SHAPE, kv.kernels, kv.team);
    }

    @TearDown
    public void free() {
        kv.close();
    }

    @Benchmark
    public float[] decode(Parts parts) {
        sparse.decode(0, kv.layer, kv.nextQuery(), kv.output);
        parts.selectNanos += sparse.takeSelectNanos();
        parts.attendNanos += sparse.takeAttendNanos();
        return kv.output;
    }
}
