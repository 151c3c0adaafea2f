package io.alisa.host.jlama;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.WeakHashMap;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.TensorInfo;
import com.github.tjake.jlama.safetensors.WeightLoader;
import com.github.tjake.jlama.tensor.AbstractTensor;

/**
 * Tells models apart whose keys and values are not each other's: a hash over the shape, the types it is computed in, the
 * rotary table, and of every weight tensor its name, its shape and a sample of its values, spread over all of it. The
 * same for a model that is loaded again, wherever it lies; other for another training of the same shape.
 *
 * <p>Samples, so that it takes milliseconds: weights changed by hand here and there may go unnoticed. Thread-safe.
 */
final class ModelFingerprint {
    /** Rows of a tensor that are looked at, and columns in each. */
    private static final int ROWS = 8;
    private static final int COLUMNS = 8;

    private final Map<AbstractModel, String> known = new WeakHashMap<>();

    /** Throws {@link IllegalStateException} with a sentence where the model was closed. */
    synchronized String of(AbstractModel model) {
        String existing = known.get(model);
        if (existing == null) {
            existing = compute(model);
            known.put(model, existing);
        }
        return existing;
    }

    private static String compute(AbstractModel model) {
        Map<String, TensorInfo> tensors = new TreeMap<>(model.getWeights().tensorInfoMap());
        if (tensors.isEmpty()) {
            throw new IllegalStateException("The model is closed; load it again");
        }
        Hash hash = new Hash();
        Config c = model.getConfig();
        hash.add(model.getModelType().name(), model.getWorkingDType(), JlamaAccess.weightType(model),
                JlamaAccess.quantisedType(model), JlamaAccess.activationType(model), c.contextLength, c.embeddingLength,
                c.hiddenLength, c.numberOfHeads, c.numberOfKeyValueHeads, c.headSize, c.numberOfLayers, c.layerNormEps,
                c.vocabularySize, c.activationFunction, c.attnLogitSoftCapping, c.finalLogitSoftCapping,
                c.residualMultiplier, c.attentionMultiplier, c.embeddingMultiplier, c.logitMultiplier);
        c.ropeFreqs.ifPresent(pairs -> {
            hash.add(pairs.length);
            for (int i = 0; i < ROWS * COLUMNS; i++) {
                hash.addSample(pairs[spread(i, ROWS * COLUMNS, pairs.length)]);
            }
        });
        tensors.forEach((name, info) -> {
            hash.add(name, info.dType, Arrays.toString(info.shape));
            sample(model.getWeights(), name, hash);
        });
        return model.getModelType().name() + "-" + hash.text();
    }

    private static void sample(WeightLoader weights, String name, Hash hash) {
        AbstractTensor<?, ?> tensor;
        try {
            tensor = weights.load(name);
        } catch (IllegalArgumentException e) {
            return; // of a type the host can't load either: no weight
        }
        int columns = tensor.shape().last();
        int rows = Math.toIntExact(tensor.size() / columns);
        float[] row = new float[COLUMNS];
        for (int r = 0; r < Math.min(ROWS, rows); r++) {
            for (int i = 0; i < COLUMNS; i++) {
                int column = spread(i, COLUMNS, columns);
                row[i] = tensor.dims() == 1 ? tensor.get(column) : tensor.get(spread(r, ROWS, rows), column);
            }
            hash.addSample(row);
        }
    }

    /** The {@code i}-th of {@code count} places among {@code size}, the first and the last included. */
    private static int spread(int i, int count, int size) {
        return (int) ((long) i * (size - 1) / (count - 1));
    }

    private static final class Hash {
        private final MessageDigest digest;

        Hash() {
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("Every Java has SHA-256", e);
            }
        }

        void add(Object... parts) {
            for (Object part : parts) {
                digest.update(Objects.toString(part).getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
            }
        }

        void addSample(float... values) {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
            bytes.asFloatBuffer().put(values);
            digest.update(bytes);
        }

        String text() {
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        }
    }
}
