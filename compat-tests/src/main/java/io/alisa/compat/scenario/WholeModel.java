package io.alisa.compat.scenario;

import java.nio.file.Path;
import java.util.Optional;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.AbstractModel.InferenceType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/** The usual case: one model object. */
final class WholeModel implements Decoder {
    private final AbstractModel model;

    WholeModel(Scenario scenario, Path workingDirectory) {
        model = HostModels.load(scenario, workingDirectory, InferenceType.FULL_GENERATION, Optional.empty());
    }

    @Override
    public AbstractModel model() {
        return model;
    }

    @Override
    public DecoderSession open() {
        return new Session(HostModels.buffer(model));
    }

    @Override
    public void close() {
        model.close();
    }

    private final class Session implements DecoderSession {
        private final KvBuffer buffer;

        Session(KvBuffer buffer) {
            this.buffer = buffer;
        }

        @Override
        public int prefill(int[] tokens, int start, float[] logits) {
            try (AbstractTensor<?, ?> output = model.batchForward(tokens, start, buffer)) {
                return HostModels.sample(model, output, logits);
            }
        }

        @Override
        public int decode(int token, int position, float[] logits) {
            try (AbstractTensor<?, ?> output = model.forward(token, position, buffer, Optional.empty())) {
                return HostModels.sample(model, output, logits);
            }
        }

        @Override
        public int buffers() {
            return 1;
        }

        @Override
        public void close() {
            buffer.close();
        }
    }
}
