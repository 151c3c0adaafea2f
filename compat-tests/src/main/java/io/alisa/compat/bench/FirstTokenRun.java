package io.alisa.compat.bench;

import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.KvBufferCache;

/** The process {@link StartupBench} times: loads a model and passes a few tokens through it. */
final class FirstTokenRun {
    private FirstTokenRun() {
    }

    public static void main(String[] arguments) {
        AbstractModel model = ModelSupport.loadModel(Path.of(arguments[0]).toFile(), null, DType.F32,
                DType.F32,
                Optional.empty(), Optional.empty());
        try (KvBufferCache.KvBuffer session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID())) {
            model.batchForward(new int[]{5, 6, 7}, 0, session).close();
        }
        model.close();
    }
}
