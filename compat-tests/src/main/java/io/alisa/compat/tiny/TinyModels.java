package io.alisa.compat.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;

/**
 * Writes tiny models: {@code config.json}, {@code model.safetensors}, {@code tokenizer.json} and
 * {@code tokenizer_config.json}, just as a downloaded model has them.
 *
 * <p>Random weights are enough to compare two implementations of the same arithmetic, and better than a trained model
 * at it: every family, type and shape can be had, in kilobytes.
 */
public final class TinyModels {
    /** What the host's own quantiser leaves as it is unless told otherwise. */
    private static final String[] NOT_QUANTISED = {"norm", "embed"};

    private TinyModels() {
    }

    /** Writes the model under {@code parent} unless it is there, and returns its directory. Thread-safe. */
    public static synchronized Path write(Path parent, TinyModel model) throws IOException {
        Path directory = parent.resolve(model.directoryName());
        if (Files.exists(directory.resolve("model.safetensors"))) {
            return directory;
        }
        if (model.weights() == WeightType.Q4) {
            Path source = write(parent, model.weights(WeightType.F32));
            return SafeTensorSupport.quantizeModel(source, DType.Q4, NOT_QUANTISED, null,
                    Optional.of(directory));
        }
        Files.createDirectories(directory);
        Json.write(directory.resolve("config.json"), TinyConfig.of(model));
        TinyTokenizer.write(directory, model.vocab());
        TinyWeights.of(model).write(directory.resolve("model.safetensors"));
        Files.writeString(directory.resolve("README.md"), "Random weights, for tests.\n");
        return directory;
    }
}
