package io.alisa.compat.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A tiny BERT: an encoder, which the plugin is to leave alone. */
public final class TinyBert {
    private static final int HIDDEN = 64;
    private static final int MLP = 128;
    private static final int HEADS = 4;
    private static final int LAYERS = 2;
    private static final int CONTEXT = 128;

    private TinyBert() {
    }

    public static Path write(Path parent) throws IOException {
        Path directory = Files.createDirectories(parent.resolve("bert"));
        Map<String, Integer> vocabulary = vocabulary();
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("model_type", "bert");
        config.put("max_position_embeddings", CONTEXT);
        config.put("hidden_size", HIDDEN);
        config.put("intermediate_size", MLP);
        config.put("num_attention_heads", HEADS);
        config.put("num_hidden_layers", LAYERS);
        config.put("layer_norm_eps", 1e-12);
        config.put("hidden_act", "gelu");
        config.put("vocab_size", vocabulary.size());
        Json.write(directory.resolve("config.json"), config);
        Json.write(directory.resolve("tokenizer.json"),
                Map.of("model", Map.of("type", "WordPiece", "unk_token", "[UNK]", "vocab", vocabulary)));
        weights(vocabulary.size()).write(directory.resolve("model.safetensors"));
        return directory;
    }

    private static Map<String, Integer> vocabulary() {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (String special : List.of("[UNK]", "[CLS]", "[SEP]")) {
            ids.put(special, ids.size());
        }
        for (char c = 'a'; c <= 'z'; c++) {
            ids.put(String.valueOf(c), ids.size());
            ids.put("##" + c, ids.size());
        }
        return ids;
    }

    private static RandomTensors weights(int vocab) {
        RandomTensors tensors = new RandomTensors(WeightType.F32, 7);
        tensors.normal("embeddings.word_embeddings.weight", 0, 1, vocab, HIDDEN);
        tensors.normal("embeddings.token_type_embeddings.weight", 0, 0.1, 2, HIDDEN);
        tensors.normal("embeddings.position_embeddings.weight", 0, 0.5, CONTEXT, HIDDEN);
        layerNorm(tensors, "embeddings.LayerNorm");
        for (int layer = 0; layer < LAYERS; layer++) {
            String base = "encoder.layer." + layer + ".";
            for (String projection : List.of("self.query", "self.key", "self.value", "output.dense")) {
                linear(tensors, base + "attention." + projection, HIDDEN, HIDDEN);
            }
            layerNorm(tensors, base + "attention.output.LayerNorm");
            linear(tensors, base + "intermediate.dense", MLP, HIDDEN);
            linear(tensors, base + "output.dense", HIDDEN, MLP);
            layerNorm(tensors, base + "output.LayerNorm");
        }
        linear(tensors, "pooler.dense", HIDDEN, HIDDEN);
        return tensors;
    }

    private static void linear(RandomTensors tensors, String name, int out, int in) {
        tensors.linear(name + ".weight", out, in, 1.5);
        tensors.normal(name + ".bias", 0, 0.1, out);
    }

    private static void layerNorm(RandomTensors tensors, String name) {
        tensors.normal(name + ".weight", 1, 0.1, HIDDEN);
        tensors.normal(name + ".bias", 0, 0.1, HIDDEN);
    }
}
