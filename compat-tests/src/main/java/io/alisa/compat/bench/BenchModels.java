package io.alisa.compat.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.TinyModels;

/** Models with the shapes that are measured, and random weights. */
final class BenchModels {
    private BenchModels() {
    }

    /** Layers of Llama-3.2-1B's attention shape; the feed-forward part is small where only attention is measured. */
    static TinyModel llama1b(int layers, int mlp, int context) {
        return TinyModel.of(Family.LLAMA).heads(32, 8, 64).mlp(mlp).layers(layers).context(context);
    }

    /** Four layers, 256 wide: small enough that the host prefills 8,192 tokens in seconds. */
    static TinyModel small(int context) {
        return TinyModel.of(Family.LLAMA).heads(8, 4, 32).mlp(704).layers(4).context(context);
    }

    /** Sixteen layers, 256 wide: deep enough that to compute a token again takes less memory than to keep it. */
    static TinyModel deep(int context) {
        return TinyModel.of(Family.LLAMA).heads(8, 4, 32).mlp(704).layers(16).context(context);
    }

    /**
     * An eighth of Llama-3.2-1B: 2 of its 16 layers and 16,032 of its 128,256 tokens, else its shape, so that every part
     * has the share of a step that it has there.
     */
    static TinyModel eighthOf1b(int context) {
        return llama1b(2, 8192, context).vocab(128_256 / 8);
    }

    /** Loads a model; page files of the host, if it makes any, go to the directory that is cleared after the run. */
    static AbstractModel load(TinyModel model, Types types) {
        try {
            Path directory = TinyModels.write(Path.of(System.getProperty("bench.models", "target/bench/models")),
                    model);
            return ModelSupport.loadModel(directory.toFile(), new File(System.getProperty("bench.pages")),
                    types.working(), types.quantised(), types.weights(), Optional.empty());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static float[] normal(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    static int[] tokens(int count, int vocabulary) {
        return new SplittableRandom(7).ints(count, 3, vocabulary).toArray();
    }
}
