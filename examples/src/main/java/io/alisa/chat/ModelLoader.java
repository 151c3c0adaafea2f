package io.alisa.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;

/** Gives a model directory to the host and turns what can go wrong into a sentence. */
public final class ModelLoader {
    private ModelLoader() {
    }

    /** Loads it; throws {@link UserError} with a sentence for what the user can put right. */
    public static LoadedModel load(ModelOptions options) {
        requireVectorModule();
        Path directory = options.directory();
        ModelCheck.check(directory);
        Optional<DType> quantized = options.quantization();
        // Quantised while loading, the host can multiply with its working type only; otherwise it knows best.
        DType operands = quantized.isPresent() ? options.type() : DType.I8;
        try {
            AbstractModel model = ModelSupport.loadModel(directory.toFile(), workingDirectory().toFile(),
                    options.type(),
                    operands, quantized, Optional.empty());
            return new LoadedModel(directory, model);
        } catch (OutOfMemoryError e) {
            throw new UserError("The model in " + directory + " does not fit into this JVM's memory;"
                    + " give it more with -Xmx, or try --quantize Q4", e);
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new UserError("The host cannot load the model in " + directory + " (" + rootCause(e)
                    + "); check that its files belong together, or download it again", e);
        }
    }

    private static void requireVectorModule() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            throw new UserError(
                    "This JVM runs without its vector module, without which the host loads no model;"
                            + " start with the script in examples, or add --add-modules jdk.incubator.vector");
        }
    }

    /** Where the host alone puts its KV pages, which it never deletes. */
    private static Path workingDirectory() throws IOException {
        Path directory = Files.createTempDirectory("alisa-chat");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory), "alisa-chat-cleanup"));
        return directory;
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            // A temporary directory that stays behind is no reason to spoil the end.
        }
    }

    /** What lies at the bottom of it, in one line. */
    public static String rootCause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        String text = message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
        return text.lines().findFirst().orElse(text);
    }
}
