package io.alisa.compat.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.CausalSelfAttention;
import com.github.tjake.jlama.model.TransformerBlock;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
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

/**
 * One attention layer of Llama-3.2-1B's shape decoding one token: the host's method, whoever answers it. At 16 tokens
 * nearly all of it is the projections, so the difference to that is attention.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 6, time = 1)
public class AttentionLayerBench {
    private static final int CONTEXT = 32_768 + 64;

    @Param({"16", "1024", "4096", "16384", "32768"})
    public int tokens;

    private CausalSelfAttention layer;
    private KvBufferCache.KvBuffer session;
    private AbstractTensor<?, ?> input;

    @Setup
    public void fill() throws ReflectiveOperationException {
        AbstractModel model = BenchModels.load(BenchModels.llama1b(1, 256, CONTEXT));
        layer = firstLayer(model);
        session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
        SplittableRandom random = new SplittableRandom(1);
        input = new FloatBufferTensor(1, model.getConfig().embeddingLength);
        MemorySegment.copy(
                MemorySegment.ofArray(BenchModels.normal(random, model.getConfig().embeddingLength)), 0,
                input.getMemorySegment(), 0, (long) model.getConfig().embeddingLength * Float.BYTES);
        layer.forward(input, 0, session, Optional.empty()).close();
        if (PluginKv.serves(session)) {
            PluginKv.fill(session, tokens, random);
        } else {
            fillHost(tokens, model.getConfig().kvLength, random);
        }
    }

    private void fillHost(int count, int kvLength, SplittableRandom random) {
        for (int position = 0; position < count; position++) {
            write(session.getKeyTensorForPosition(0, position), BenchModels.normal(random, kvLength));
            write(session.getValTensorForPosition(0, position), BenchModels.normal(random, kvLength));
        }
    }

    private static void write(AbstractTensor<?, ?> row, float[] values) {
        for (int i = 0; i < values.length; i++) {
            row.getMemorySegment().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, values[i]);
        }
    }

    private static CausalSelfAttention firstLayer(AbstractModel model) throws ReflectiveOperationException {
        TransformerBlock[] blocks = (TransformerBlock[]) MethodHandles
                .privateLookupIn(AbstractModel.class, MethodHandles.lookup())
                .findVarHandle(AbstractModel.class, "transformerBlocks", TransformerBlock[].class).get(model);
        return (CausalSelfAttention) MethodHandles
                .privateLookupIn(TransformerBlock.class, MethodHandles.lookup())
                .findVarHandle(TransformerBlock.class, "attention", CausalSelfAttention.class).get(blocks[0]);
    }

    @Benchmark
    public void decode() {
        layer.forward(input, tokens - 1, session, Optional.empty()).close();
    }
}
