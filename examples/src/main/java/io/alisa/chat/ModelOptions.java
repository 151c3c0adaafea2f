package io.alisa.chat;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import com.github.tjake.jlama.safetensors.DType;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model, and in what types it computes: shared by the chat and by the JVMs it compares itself with. */
public final class ModelOptions {
    /** Types the host can keep activations and KV in. */
    enum WorkingType {
        F32, BF16
    }

    /** Types weights can be quantised to while they are loaded. */
    enum Quantization {
        NONE, Q4
    }

    @Option(names = "--model", paramLabel = "DIR", description = "Hugging Face model directory (default: the little model that comes with the chat)")
    private @Nullable Path model;

    @Option(names = "--type", paramLabel = "TYPE", defaultValue = "F32", description = "working type, ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE});"
            + " few models survive the host's BF16")
    private WorkingType type = WorkingType.F32;

    @Option(names = "--quantize", paramLabel = "TYPE", defaultValue = "none", description = "quantise the weights while loading, Q4 or none (default: none)")
    private Quantization quantize = Quantization.NONE;

    /** A model directory with the defaults. */
    public static ModelOptions of(Path directory) {
        ModelOptions options = new ModelOptions();
        options.model = directory;
        return options;
    }

    Path directory() {
        return (model == null ? bundled() : model).toAbsolutePath().normalize();
    }

    DType type() {
        return DType.valueOf(type.name());
    }

    Optional<DType> quantization() {
        return quantize == Quantization.Q4 ? Optional.of(DType.Q4) : Optional.empty();
    }

    /** The same options as arguments. */
    List<String> arguments() {
        return List.of("--model", directory().toString(), "--type", type.name(), "--quantize",
                quantize.name());
    }

    /** {@code models/memo} beside the {@code target} directory this class was loaded from. */
    private static Path bundled() {
        URI code = URI
                .create(ModelOptions.class.getProtectionDomain().getCodeSource().getLocation().toString());
        Path target = Path.of(code).getParent();
        Path home = target == null ? null : target.getParent();
        return home == null ? Path.of("models", "memo") : home.resolve("models").resolve("memo");
    }
}
