package io.alisa.compat.scenario;

import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.AbstractModel.InferenceType;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/** The few host calls that all decoders share. */
final class HostModels {
    private HostModels() {
    }

    static AbstractModel load(Scenario scenario, Path workingDirectory, InferenceType inference,
            Optional<Function<Config, DistributedContext>> split) {
        return ModelSupport.loadModel(inference, scenario.model().toFile(), workingDirectory.toFile(),
                scenario.types().working(), scenario.types().quantised(), scenario.types().weights(),
                Optional.empty(),
                split, SafeTensorSupport::loadWeights);
    }

    /** A buffer with page files in the working directory, as {@code generate} has it. */
    static KvBuffer buffer(AbstractModel model) {
        return new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
    }

    /** The best token after the last row of a pass, and the raw logits it was chosen from. */
    static int sample(AbstractModel model, AbstractTensor<?, ?> output, float[] logits) {
        try (AbstractTensor<?, ?> tensor = model.makeDenseTensor(1, logits.length)) {
            AbstractTensor<?, ?> last = output.slice(output.shape().first() - 1);
            int token = model.sample(last, 0f, 0.5f, tensor);
            for (int i = 0; i < logits.length; i++) {
                logits[i] = tensor.get(0, i);
            }
            return token;
        }
    }
}
