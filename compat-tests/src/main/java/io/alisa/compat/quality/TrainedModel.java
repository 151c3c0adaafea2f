package io.alisa.compat.quality;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;

/** The trained model in the host, weights and KV in F32: no rounding but the plugin's. */
final class TrainedModel implements AutoCloseable {
    /** How the vocabulary writes a blank. */
    private static final char BLANK = '\u0120';

    private final AbstractModel model;

    private TrainedModel(AbstractModel model) {
        this.model = model;
    }

    /** @param pages where the host has its page files; with the plugin it makes none */
    static TrainedModel load(Path directory, Path pages) {
        try {
            return new TrainedModel(ModelSupport.loadModel(directory.toFile(), pages.toFile(), DType.F32, DType.F32,
                    Optional.of(DType.F32), Optional.empty()));
        } catch (RuntimeException | AssertionError e) {
            throw new QualityException("The model in " + directory + " can't be loaded (" + e
                    + "); it comes with the repository", e);
        }
    }

    Session open() {
        return new Session(model);
    }

    int[] encode(String text) {
        return Arrays.stream(model.getTokenizer().encode(text)).mapToInt(Math::toIntExact).toArray();
    }

    /** One token as text, right for ASCII. */
    String text(int token) {
        String text = model.getTokenizer().getModel().vocabLookup.inverse().get((long) token);
        return text == null ? "" : text.replace(BLANK, ' ');
    }

    @Override
    public void close() {
        model.close();
    }
}
