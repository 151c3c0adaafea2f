package io.alisa.compat.scenario;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.AbstractModel.InferenceType;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/**
 * The lower half of the layers in one model object, the upper half in another, as the host's distributed server splits
 * them over machines.
 */
final class LayerSplit implements Decoder {
    /** The host's own batch size: {@code batchForward} gives back the last batch only, so we cut before it does. */
    private static final int BATCH = 256;

    private final AbstractModel lower;
    private final AbstractModel upper;

    LayerSplit(Scenario scenario, Path workingDirectory) {
        lower = half(scenario, workingDirectory, InferenceType.FORWARD_PASS, 0);
        upper = half(scenario, workingDirectory, InferenceType.FULL_GENERATION, 1);
    }

    private static AbstractModel half(Scenario scenario, Path workingDirectory, InferenceType inference,
            int shard) {
        return HostModels.load(scenario, workingDirectory, inference, Optional.of(config -> DistributedContext
                .builder(config).setLayerShard(shard).setNumLayerShards(2).build()));
    }

    @Override
    public AbstractModel model() {
        return upper;
    }

    @Override
    public DecoderSession open() {
        return new Session(HostModels.buffer(lower), HostModels.buffer(upper));
    }

    @Override
    public void close() {
        lower.close();
        upper.close();
    }

    private final class Session implements DecoderSession {
        private final KvBuffer lowerBuffer;
        private final KvBuffer upperBuffer;

        Session(KvBuffer lowerBuffer, KvBuffer upperBuffer) {
            this.lowerBuffer = lowerBuffer;
            this.upperBuffer = upperBuffer;
        }

        @Override
        public int prefill(int[] tokens, int start, float[] logits) {
            int said = -1;
            for (int from = 0; from < tokens.length; from += BATCH) {
                int[] batch = Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + BATCH));
                said = upper(lower.batchForward(batch, start + from, lowerBuffer), start + from, logits);
            }
            return said;
        }

        @Override
        public int decode(int token, int position, float[] logits) {
            return upper(lower.forward(token, position, lowerBuffer, Optional.empty()), position, logits);
        }

        /** The second half of a pass; it closes what the first half hands over. */
        private int upper(AbstractTensor<?, ?> halfWay, int position, float[] logits) {
            try (AbstractTensor<?, ?> output = upper.forward(halfWay, position, upperBuffer,
                    Optional.empty())) {
                return HostModels.sample(upper, output, logits);
            }
        }

        @Override
        public int buffers() {
            return 2;
        }

        @Override
        public void close() {
            lowerBuffer.close();
            upperBuffer.close();
        }
    }
}
