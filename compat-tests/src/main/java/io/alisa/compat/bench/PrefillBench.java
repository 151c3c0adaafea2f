package io.alisa.compat.bench;

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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole model of four layers, 256 wide, reading a prompt. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 3)
public class PrefillBench {
    @Param("2048")
    public int tokens;

    private AbstractModel model;
    private KvBufferCache cache;
    private int[] prompt;

    @Setup
    public void load() {
        model = BenchModels.load(BenchModels.small(tokens + 64), Types.F32);
        cache = new KvBufferCache(model);
        prompt = BenchModels.tokens(tokens, 384);
    }

    @TearDown
    public void check() {
        PluginKv.checkOpponent();
    }

    @Benchmark
    public void prefill() {
        try (KvBufferCache.KvBuffer session = cache.getKvBuffer(UUID.randomUUID())) {
            model.batchForward(prompt, 0, session).close();
        }
    }
}
