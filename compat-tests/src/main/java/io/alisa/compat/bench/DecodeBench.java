package io.alisa.compat.bench;

import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.KvBufferCache;
import io.alisa.compat.scenario.Types;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A whole small model decoding: time, and with the allocation profiler bytes, per token. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 6, time = 1)
@Measurement(iterations = 4, time = 1)
public class DecodeBench {
    @Param("2048")
    public int tokens;

    private AbstractModel model;
    private KvBufferCache.KvBuffer session;

    @Setup
    public void load() {
        model = BenchModels.load(BenchModels.small(tokens + 64), Types.F32);
        session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
        model.batchForward(BenchModels.tokens(tokens, 384), 0, session).close();
    }

    @Benchmark
    public void decode() {
        model.forward(5, tokens, session, Optional.empty()).close();
    }
}
