package io.alisa.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import io.alisa.Alisa;
import io.alisa.compat.scenario.Types;

/**
 * The process {@link RestoreBench} reads: prefills a prompt, saves the session, restores it and prints one line, {@code
 * seconds of the prefill, of the save, of the median restore, bytes of the file}. What a restored session says next must be
 * what the first would say, or it fails.
 *
 * <p>Arguments: tokens of the prompt.
 */
final class RestoreRun {
    private static final int RESTORES = 5;
    private static final int WARM_UP = 1024;
    /** The host's last bits change when its code is compiled, which it is not yet at the first decode step. */
    private static final double MOST_ERROR = 1e-6;

    private RestoreRun() {
    }

    public static void main(String[] arguments) throws IOException {
        int tokens = Integer.parseInt(arguments[0]);
        AbstractModel model = BenchModels.load(TierBench.model(tokens + 64), Types.F32);
        KvBufferCache cache = new KvBufferCache(model);
        int[] prompt = BenchModels.tokens(tokens, model.getConfig().vocabularySize);
        try (KvBufferCache.KvBuffer warmUp = cache.getEphemeralKvBuffer()) { // until its code is compiled
            model.batchForward(Arrays.copyOf(prompt, Math.min(WARM_UP, tokens)), 0, warmUp).close();
        }
        UUID session = UUID.randomUUID();
        KvBufferCache.KvBuffer buffer = cache.getKvBuffer(session);
        long begun = System.nanoTime();
        model.batchForward(prompt, 0, buffer).close();
        double prefill = seconds(begun);
        Path file = Files.createTempDirectory("alisa-bench").resolve("session.safetensors");
        try {
            begun = System.nanoTime();
            Alisa.save(session, file);
            double save = seconds(begun);
            float[] expected = next(model, buffer, tokens);
            buffer.close();
            double[] restores = new double[RESTORES];
            for (int i = 0; i < RESTORES; i++) {
                begun = System.nanoTime();
                UUID restored = Alisa.restore(model, file);
                restores[i] = seconds(begun);
                try (KvBufferCache.KvBuffer again = cache.getKvBuffer(restored)) {
                    double error = error(next(model, again, tokens), expected);
                    if (!(error <= MOST_ERROR)) {
                        throw new IllegalStateException("The restored session says something else, error " + error);
                    }
                }
            }
            Arrays.sort(restores);
            System.out.printf(Locale.ROOT, "%s%.3f,%.3f,%.4f,%d%n", RestoreBench.MARK, prefill, save,
                    restores[RESTORES / 2], Files.size(file));
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(file.getParent());
        }
        System.exit(0); // the host's threads would keep the process
    }

    /** The last hidden state of one more token. */
    private static float[] next(AbstractModel model, KvBufferCache.KvBuffer buffer, int position) {
        try (AbstractTensor<?, ?> output = model.forward(5, position, buffer, Optional.empty())) {
            float[] state = new float[output.shape().last()];
            for (int i = 0; i < state.length; i++) {
                state[i] = output.get(0, i);
            }
            return state;
        }
    }

    /** Squared, relative. */
    private static double error(float[] actual, float[] expected) {
        double error = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow(actual[i] - expected[i], 2);
            norm += Math.pow(expected[i], 2);
        }
        return error / norm;
    }

    private static double seconds(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }
}
