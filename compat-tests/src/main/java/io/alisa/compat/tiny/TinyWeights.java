package io.alisa.compat.tiny;

/**
 * Random weights of a decoder, scaled so that its greedy text is worth comparing.
 *
 * <p>Queries and keys give scores with a standard deviation of about four, so a few tokens get most of the attention;
 * what attention adds outweighs the embedding it is added to, so the context decides what comes next and a tied output
 * layer does not just repeat the last token; logits have a standard deviation of about three. {@code TinyModelsTest}
 * checks the outcome.
 */
final class TinyWeights {
    /** Squared, the standard deviation of a score. */
    private static final double QUERY_KEY_GAIN = 2;
    private static final double ATTENTION_OUTPUT_GAIN = 2;
    private static final double MLP_OUTPUT_GAIN = 3;
    private static final double BIAS = 0.1;
    private static final double EMBEDDING = 0.3;
    private static final double LOGIT_GAIN = 3;

    private final TinyModel model;
    private final RandomTensors tensors;

    private TinyWeights(TinyModel model) {
        this.model = model;
        this.tensors = new RandomTensors(model.weights(), model.seed());
    }

    static RandomTensors of(TinyModel model) {
        TinyWeights weights = new TinyWeights(model);
        if (model.family() == Family.GPT2) {
            weights.gpt2();
        } else {
            weights.llamaLike();
        }
        return weights.tensors;
    }

    private void llamaLike() {
        Family family = model.family();
        int hidden = model.hidden();
        double embedding = switch (family) {
            // What the model multiplies its embeddings by is taken out here.
            case GEMMA -> EMBEDDING / Math.sqrt(hidden);
            case GEMMA2 -> EMBEDDING / 3 / Math.sqrt(hidden);
            case GRANITE -> EMBEDDING / TinyConfig.GRANITE_EMBEDDING_MULTIPLIER;
            default -> EMBEDDING;
        };
        tensors.normal("model.embed_tokens.weight", 0, embedding, model.vocab(), hidden);
        for (int layer = 0; layer < model.layers(); layer++) {
            String base = "model.layers." + layer + ".";
            norm(base + "input_layernorm.weight");
            if (family == Family.GEMMA2) {
                // These norm what a block adds. What attention adds is nearly the same for every token of a long random
                // context: let in too much of it, and one token repeats for ever.
                tensors.normal(base + "post_attention_layernorm.weight", 0.3 - 1, 0.1, hidden);
                norm(base + "pre_feedforward_layernorm.weight");
                tensors.normal(base + "post_feedforward_layernorm.weight", 1.5 - 1, 0.1, hidden);
            } else {
                norm(base + "post_attention_layernorm.weight");
            }
            attention(base + "self_attn.");
            if (family == Family.MIXTRAL) {
                experts(base + "block_sparse_moe.");
            } else {
                feedForward(base + "mlp.", "gate_proj", "up_proj", "down_proj");
            }
        }
        if (family.tiedEmbeddings()) {
            // The embeddings are small; the last norm makes up for it.
            double gain = LOGIT_GAIN / (embedding * Math.sqrt(hidden)) - (family.normPlusOne() ? 1 : 0);
            tensors.normal("model.norm.weight", gain, 0.1, hidden);
        } else {
            norm("model.norm.weight");
            double scaling = family == Family.GRANITE ? TinyConfig.GRANITE_LOGITS_SCALING : 1;
            tensors.linear("lm_head.weight", model.vocab(), hidden, LOGIT_GAIN * scaling);
        }
    }

    private void attention(String base) {
        tensors.linear(base + "q_proj.weight", model.attentionLength(), model.hidden(), QUERY_KEY_GAIN);
        tensors.linear(base + "k_proj.weight", model.kvLength(), model.hidden(), QUERY_KEY_GAIN);
        tensors.linear(base + "v_proj.weight", model.kvLength(), model.hidden(), 1);
        tensors.linear(base + "o_proj.weight", model.hidden(), model.attentionLength(),
                ATTENTION_OUTPUT_GAIN);
        if (model.family() == Family.QWEN2) {
            tensors.normal(base + "q_proj.bias", 0, BIAS, model.attentionLength());
            tensors.normal(base + "k_proj.bias", 0, BIAS, model.kvLength());
            tensors.normal(base + "v_proj.bias", 0, BIAS, model.kvLength());
        }
    }

    private void experts(String base) {
        tensors.linear(base + "gate.weight", TinyConfig.MIXTRAL_EXPERTS, model.hidden(), 1);
        for (int expert = 0; expert < TinyConfig.MIXTRAL_EXPERTS; expert++) {
            feedForward(base + "experts." + expert + ".", "w1", "w3", "w2");
        }
    }

    private void feedForward(String base, String gate, String up, String down) {
        tensors.linear(base + gate + ".weight", model.mlp(), model.hidden(), 1);
        tensors.linear(base + up + ".weight", model.mlp(), model.hidden(), 1);
        tensors.linear(base + down + ".weight", model.hidden(), model.mlp(), MLP_OUTPUT_GAIN);
    }

    private void norm(String name) {
        tensors.normal(name, model.family().normPlusOne() ? 0 : 1, 0.1, model.hidden());
    }

    private void gpt2() {
        int hidden = model.hidden();
        tensors.normal("wte.weight", 0, EMBEDDING, model.vocab(), hidden);
        tensors.normal("wpe.weight", 0, EMBEDDING, model.context(), hidden);
        for (int layer = 0; layer < model.layers(); layer++) {
            String base = "h." + layer + ".";
            layerNorm(base + "ln_1", 1);
            layerNorm(base + "ln_2", 1);
            // Queries, keys and values in one matrix, so one gain for the three.
            tensors.transposedLinear(base + "attn.c_attn.weight", hidden, 3 * hidden, QUERY_KEY_GAIN);
            tensors.normal(base + "attn.c_attn.bias", 0, BIAS, 3 * hidden);
            tensors.transposedLinear(base + "attn.c_proj.weight", hidden, hidden, ATTENTION_OUTPUT_GAIN);
            tensors.normal(base + "attn.c_proj.bias", 0, BIAS, hidden);
            tensors.transposedLinear(base + "mlp.c_fc.weight", hidden, 4 * hidden, 1);
            tensors.normal(base + "mlp.c_fc.bias", 0, BIAS, 4 * hidden);
            tensors.transposedLinear(base + "mlp.c_proj.weight", 4 * hidden, hidden, MLP_OUTPUT_GAIN);
            tensors.normal(base + "mlp.c_proj.bias", 0, BIAS, hidden);
        }
        layerNorm("ln_f", LOGIT_GAIN / (EMBEDDING * Math.sqrt(hidden)));
    }

    private void layerNorm(String name, double gain) {
        tensors.normal(name + ".weight", gain, 0.1, model.hidden());
        tensors.normal(name + ".bias", 0, 0.1, model.hidden());
    }
}
