package io.alisa.compat.tiny;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Adds normally distributed tensors to a file; each is seeded by its name, so one more tensor changes no other. */
final class RandomTensors {
    private final SafetensorsWriter file;
    private final long seed;

    RandomTensors(WeightType type, long seed) {
        this.file = new SafetensorsWriter(type);
        this.seed = seed;
    }

    /** A matrix whose product with an input of unit variance has the standard deviation {@code gain}. */
    void linear(String name, int out, int in, double gain) {
        normal(name, 0, gain / Math.sqrt(in), out, in);
    }

    /** The same in the transposed order GPT-2 stores. */
    void transposedLinear(String name, int in, int out, double gain) {
        normal(name, 0, gain / Math.sqrt(in), in, out);
    }

    void normal(String name, double mean, double deviation, int... shape) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + name.hashCode());
        int length = 1;
        for (int dimension : shape) {
            length *= dimension;
        }
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        file.add(name, shape, values);
    }

    void write(Path target) throws IOException {
        file.write(target);
    }
}
