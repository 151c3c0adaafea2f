package io.alisa.compat.bench;

import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;
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

/** A whole model with all proportions of Llama-3.2-1B decoding a token, from its embedding to the next token. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 6, time = 1)
@Measurement(iterations = 5, time = 1)
public class ModelBench {
    @Param("32768")
    public int tokens;

    /** Q4 means I8 activations, as chat programs load such a model. */
    @Param("F32")
    public WeightType weights;

    private AbstractModel model;
    private KvBufferCache.KvBuffer session;
    private AbstractTensor<?, ?> logits;
    private int token = 5;

    @Setup
    public void load() {
        TinyModel shape = BenchModels.eighthOf1b(tokens + 64).weights(weights);
        model = BenchModels.load(shape, weights == WeightType.F32 ? Types.F32 : Types.F32_I8);
        session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
        logits = model.makeDenseTensor(1, shape.vocab());
        model.forward(token, 0, session, Optional.empty()).close();
        HostKv.fill(session, model.getConfig(), tokens);
    }

    /** Always at the last position but one, see {@link AttentionLayerBench#decode()}, each with the token before. */
    @Benchmark
    public int decode() {
        try (AbstractTensor<?, ?> output = model.forward(token, tokens - 2, session, Optional.empty())) {
            token = model.sample(output, 0f, 0.5f, logits);
        }
        return token;
    }
}
