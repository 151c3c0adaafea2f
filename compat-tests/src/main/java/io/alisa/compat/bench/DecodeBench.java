package io.alisa.compat.bench;

import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.KvBufferCache;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A whole small model decoding at 2,048 tokens: time, and with the allocation profiler bytes, per token. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecodeBench {
    private static final int TOKENS = 2048;

    private AbstractModel model;
    private KvBufferCache.KvBuffer session;

    @Setup
    public void load() {
        model = BenchModels.load(BenchModels.small(TOKENS + 64));
        session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
        model.batchForward(BenchModels.tokens(TOKENS, 384), 0, session).close();
    }

    @Benchmark
    public void decode() {
        model.forward(5, TOKENS, session, Optional.empty()).close();
    }
}
