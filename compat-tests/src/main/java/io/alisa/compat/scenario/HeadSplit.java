package io.alisa.compat.scenario;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.AbstractModel.InferenceType;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/**
 * Half of the heads in one model object, half in another. Both run at once, each in a thread; where the host calls
 * its reducer the two wait for each other and add up.
 */
@SuppressWarnings("rawtypes") // the host's signature
final class HeadSplit implements Decoder {
    private final List<AbstractModel> halves = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(2);

    HeadSplit(Scenario scenario, Path workingDirectory) {
        for (int shard = 0; shard < 2; shard++) {
            int modelShard = shard;
            halves.add(HostModels.load(scenario, workingDirectory, InferenceType.FULL_GENERATION,
                    Optional.of(config -> DistributedContext.builder(config).setModelShard(modelShard)
                            .setNumModelShards(2).build())));
        }
    }

    @Override
    public AbstractModel model() {
        return halves.get(0);
    }

    @Override
    public DecoderSession open() {
        return new Session();
    }

    @Override
    public void close() {
        threads.shutdown();
        halves.forEach(AbstractModel::close);
    }

    /** One pass over one half of the model. */
    private interface Pass {
        AbstractTensor run(AbstractModel half, KvBuffer buffer, Consumer<List<AbstractTensor>> reducer);
    }

    private final class Session implements DecoderSession {
        private final List<KvBuffer> buffers = halves.stream().map(HostModels::buffer).toList();
        private final SumOfTwo sum = new SumOfTwo();

        @Override
        public int prefill(int[] tokens, int start, float[] logits) {
            return both(
                    (half, buffer, reducer) -> half.batchForward(tokens, start, buffer, Optional.of(reducer)),
                    logits);
        }

        @Override
        public int decode(int token, int position, float[] logits) {
            return both(
                    (half, buffer, reducer) -> half.forward(token, position, buffer, Optional.of(reducer)),
                    logits);
        }

        private int both(Pass pass, float[] logits) {
            List<Callable<AbstractTensor<?, ?>>> passes = new ArrayList<>();
            for (int shard = 0; shard < 2; shard++) {
                int own = shard;
                passes.add(() -> pass.run(halves.get(own), buffers.get(own),
                        tensors -> sum.reduce(own, tensors)));
            }
            try {
                List<Future<AbstractTensor<?, ?>>> outputs = threads.invokeAll(passes);
                try (AbstractTensor<?, ?> first = outputs.get(0).get();
                        AbstractTensor<?, ?> second = outputs.get(1).get()) {
                    if (second.shape().first() != first.shape().first()) {
                        throw new IllegalStateException("The halves went out of step");
                    }
                    return HostModels.sample(halves.get(0), first, logits);
                }
            } catch (ExecutionException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public int buffers() {
            return 2;
        }

        @Override
        public void close() {
            buffers.forEach(KvBuffer::close);
        }
    }
}
