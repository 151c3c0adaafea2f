package io.alisa.compat.bench;

import java.lang.foreign.MemorySegment;
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

/**
 * One attention layer of Llama-3.2-1B's shape decoding one token: the host's method, whoever answers it. At 16 tokens
 * nearly all of it is the projections, so the difference to that is attention. The input, and with it what a sparse step
 * attends, changes from step to step.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 800, timeUnit = TimeUnit.MILLISECONDS)
public class AttentionLayerBench {
    private static final int CONTEXT = 65_536 + 64;

    private static final int INPUTS = 16;

    @Param("16")
    public int tokens;

    private CausalSelfAttention layer;
    private KvBufferCache.KvBuffer session;
    private final AbstractTensor<?, ?>[] inputs = new AbstractTensor<?, ?>[INPUTS];
    private int step;

    @Setup
    public void fill() throws ReflectiveOperationException {
        AbstractModel model = BenchModels.load(BenchModels.llama1b(1, 256, CONTEXT), Types.F32);
        layer = firstLayer(model);
        session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
        SplittableRandom random = new SplittableRandom(2);
        int width = model.getConfig().embeddingLength;
        for (int i = 0; i < INPUTS; i++) {
            inputs[i] = new FloatBufferTensor(1, width);
            MemorySegment.copy(MemorySegment.ofArray(BenchModels.normal(random, width)), 0,
                    inputs[i].getMemorySegment(), 0, (long) width * Float.BYTES);
        }
        layer.forward(inputs[0], 0, session, Optional.empty()).close();
        HostKv.fill(session, model.getConfig(), tokens);
    }

    private static CausalSelfAttention firstLayer(AbstractModel model) throws ReflectiveOperationException {
        TransformerBlock[] blocks = (TransformerBlock[]) MethodHandles
                .privateLookupIn(AbstractModel.class, MethodHandles.lookup())
                .findVarHandle(AbstractModel.class, "transformerBlocks", TransformerBlock[].class).get(model);
        return (CausalSelfAttention) MethodHandles
                .privateLookupIn(TransformerBlock.class, MethodHandles.lookup())
                .findVarHandle(TransformerBlock.class, "attention", CausalSelfAttention.class).get(blocks[0]);
    }

    /** The last token but one, over and over: the last would complete its block, which one in 64 does. */
    @Benchmark
    public void decode() {
        layer.forward(inputs[step++ % INPUTS], tokens - 2, session, Optional.empty()).close();
    }
}
