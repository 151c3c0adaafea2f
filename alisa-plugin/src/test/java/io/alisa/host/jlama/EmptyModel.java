package io.alisa.host.jlama;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

import com.github.tjake.jlama.math.ActivationFunction;
import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.model.TransformerBlock;
import com.github.tjake.jlama.model.functions.EmbedInput;
import com.github.tjake.jlama.model.functions.SampleOutput;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.TensorInfo;
import com.github.tjake.jlama.safetensors.WeightLoader;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;

/** A model of the host that computes nothing: enough for cache objects to be made for it. */
class EmptyModel extends AbstractModel {
    private static final class NoWeights implements WeightLoader {
        @Override
        public Map<String, String> metadata() {
            return Map.of();
        }

        @Override
        public Map<String, TensorInfo> tensorInfoMap() {
            return Map.of();
        }

        @Override
        public AbstractTensor<?, ?> load(String name, DistributedContext part, boolean sparse, boolean rows) {
            throw new UnsupportedOperationException();
        }

        @Override
        public DType getModelDType() {
            return DType.F32;
        }

        @Override
        public void close() {
            // there are none
        }
    }

    EmptyModel() {
        super(InferenceType.FORWARD_PASS,
                new Config(256, 64, 64, 4, 2, 2, 1e-5f, 100, 1, List.of(2), ActivationFunction.Type.SILU, 10000.0, 1.0),
                new NoWeights(), null, DType.F32, DType.F32, Optional.empty());
    }

    @Override
    @SuppressWarnings("rawtypes")
    public AbstractTensor batchForward(int[] tokens, int start, KvBufferCache.KvBuffer buffer,
            Optional<Consumer<List<AbstractTensor>>> reducer) {
        throw new UnsupportedOperationException();
    }

    @Override
    protected EmbedInput loadInputWeights() {
        return (token, position) -> {
            throw new UnsupportedOperationException();
        };
    }

    @Override
    protected TransformerBlock[] loadTransformerBlockWeights() {
        return new TransformerBlock[0];
    }

    @Override
    protected SampleOutput loadOutputWeights() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ModelSupport.ModelType getModelType() {
        return ModelSupport.ModelType.LLAMA;
    }
}
