package io.alisa.doctor;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

import io.alisa.json.JsonReader;
import io.alisa.schedule.ModelDimensions;
import org.jspecify.annotations.Nullable;

/**
 * What a directory as Hugging Face lays it out says about a model.
 *
 * @param dimensions   the model's
 * @param contextLimit most tokens of a context; 0: not said
 * @param weightBytes  bytes of the weights: of the files where there are any, else two a parameter
 */
record ModelFiles(ModelDimensions dimensions, int contextLimit, double weightBytes) {
    private static final String CONFIG = "config.json";
    private static final long LARGEST_CONFIG = 4 << 20;
    private static final String REMEDY = "; give the directory of a model that Jlama can load, config.json included";
    /** Beyond all that anybody could load; and sizes of their keys and values fit into a long, whatever the context. */
    private static final double MOST_PARAMETERS = 1e15;
    private static final double MOST_TOKENS = 1e6;
    /** Mixture of experts without a number of experts in use: Mixtral's. */
    private static final int USUAL_EXPERTS = 2;

    /** Throws {@link IllegalArgumentException} with a sentence for the user. */
    static ModelFiles read(Path directory) {
        Path config = directory.resolve(CONFIG);
        if (!Files.isRegularFile(config)) {
            throw new IllegalArgumentException("There is no " + CONFIG + " in '" + directory + "'" + REMEDY);
        }
        try {
            if (Files.size(config) > LARGEST_CONFIG) {
                throw new IllegalArgumentException("'" + config + "' is too large to be one" + REMEDY);
            }
            if (!(JsonReader.read(Files.readString(config)) instanceof Map<?, ?> members)) {
                throw new IllegalArgumentException("not a JSON object");
            }
            return of(new Members(members), weightFiles(directory));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("'" + config + "' can't be used: it is not UTF-8" + REMEDY, e);
        } catch (IOException e) {
            throw new IllegalArgumentException("'" + directory + "' can't be read: " + e + REMEDY, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + config + "' can't be used: " + e.getMessage() + REMEDY, e);
        }
    }

    private static double weightFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            double bytes = 0;
            for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    private static ModelFiles of(Members config, double weightFiles) {
        int layers = config.number("num_hidden_layers", "n_layer");
        int heads = config.number("num_attention_heads", "n_head");
        int hidden = config.number("hidden_size", "n_embd");
        int kvHeads = config.number(heads, "num_key_value_heads");
        int headSize = config.number(Math.max(1, hidden / heads), "head_dim");
        if (heads % kvHeads != 0) {
            throw new IllegalArgumentException(heads + " heads can't share " + kvHeads + " KV heads");
        }
        // As doubles, which do not overflow.
        double attention = 2.0 * hidden * headSize * (heads + (double) kvHeads);
        double output = (double) hidden * config.number("vocab_size");
        double all = layers * (attention + feedForward(config, hidden)) + output;
        if (all > MOST_PARAMETERS || (double) layers * kvHeads * headSize > MOST_PARAMETERS / MOST_TOKENS) {
            throw new IllegalArgumentException("its sizes are no model's");
        }
        long parameters = (long) all;
        return new ModelFiles(new ModelDimensions(layers, heads, kvHeads, headSize, hidden, parameters),
                config.number(0, "max_position_embeddings", "n_positions"),
                weightFiles > 0 ? weightFiles : 2.0 * parameters);
    }

    /** Gate, up and down; GPT-2 has no gate, and no width in its file: four times the model's. */
    private static double feedForward(Members config, int hidden) {
        boolean gated = config.has("intermediate_size");
        int width = config.number((int) Math.min(Integer.MAX_VALUE, 4L * hidden), "intermediate_size", "n_inner");
        double experts = config.has("num_local_experts") ? config.number(USUAL_EXPERTS, "num_experts_per_tok") : 1;
        return experts * (gated ? 3 : 2) * hidden * width;
    }

    /** Members of the configuration. */
    private record Members(Map<?, ?> of) {
        boolean has(String name) {
            return of.get(name) != null;
        }

        /** The first of {@code names} that is there. */
        int number(String... names) {
            Integer found = find(names);
            if (found == null) {
                throw new IllegalArgumentException("'" + names[0] + "' is missing");
            }
            return found;
        }

        int number(int otherwise, String... names) {
            Integer found = find(names);
            return found == null ? otherwise : found;
        }

        private @Nullable Integer find(String... names) {
            for (String name : names) {
                Object value = of.get(name);
                if (value == null) {
                    continue;
                }
                if (value instanceof Double number && number >= 1 && number <= 1e9 && number == Math.rint(number)) {
                    return number.intValue();
                }
                throw new IllegalArgumentException("'" + name + "' is not a whole number from 1 on");
            }
            return null;
        }
    }
}
