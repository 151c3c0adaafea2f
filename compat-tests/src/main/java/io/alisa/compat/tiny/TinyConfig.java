package io.alisa.compat.tiny;

import java.util.LinkedHashMap;
import java.util.Map;

/** The {@code config.json} of each family, with the keys the host reads. */
final class TinyConfig {
    /** Small enough to bend the scores of random queries and keys, which have a standard deviation of about four. */
    static final double GEMMA2_ATTENTION_CAP = 8;
    static final double GEMMA2_LOGIT_CAP = 12;
    static final double GRANITE_EMBEDDING_MULTIPLIER = 12;
    static final double GRANITE_RESIDUAL_MULTIPLIER = 0.7;
    static final double GRANITE_LOGITS_SCALING = 8;
    static final int MIXTRAL_EXPERTS = 4;

    private TinyConfig() {
    }

    static Map<String, Object> of(TinyModel model) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("model_type", model.family().modelType());
        config.put("vocab_size", model.vocab());
        config.put("bos_token_id", TinyTokenizer.BOS);
        config.put("eos_token_id", TinyTokenizer.EOS);
        if (model.family() == Family.GPT2) {
            gpt2(config, model);
        } else {
            llamaLike(config, model);
        }
        return config;
    }

    private static void gpt2(Map<String, Object> config, TinyModel model) {
        config.put("n_ctx", model.context());
        config.put("n_embd", model.hidden());
        config.put("n_head", model.heads());
        config.put("n_layer", model.layers());
        config.put("layer_norm_epsilon", 1e-5);
    }

    private static void llamaLike(Map<String, Object> config, TinyModel model) {
        Family family = model.family();
        config.put("max_position_embeddings", model.context());
        config.put("hidden_size", model.hidden());
        config.put("intermediate_size", model.mlp());
        config.put("num_attention_heads", model.heads());
        config.put("num_key_value_heads", model.kvHeads());
        config.put("num_hidden_layers", model.layers());
        config.put("rms_norm_eps", 1e-5);
        config.put("hidden_act", family.normPlusOne() ? "gelu_pytorch_tanh" : "silu");
        config.put("rope_theta", 10000.0);
        switch (family) {
            case MISTRAL -> config.put("head_dim", model.headSize());
            case MIXTRAL -> {
                config.put("num_local_experts", MIXTRAL_EXPERTS);
                config.put("num_experts_per_tok", 2);
            }
            case GEMMA2 -> {
                config.put("head_dim", model.headSize());
                config.put("attn_logit_softcapping", GEMMA2_ATTENTION_CAP);
                config.put("final_logit_softcapping", GEMMA2_LOGIT_CAP);
            }
            case GRANITE -> {
                config.put("embedding_multiplier", GRANITE_EMBEDDING_MULTIPLIER);
                config.put("residual_multiplier", GRANITE_RESIDUAL_MULTIPLIER);
                config.put("logits_scaling", GRANITE_LOGITS_SCALING);
                // Not the usual 1 / sqrt(headSize), so that a plugin that ignores it is found out.
                config.put("attention_multiplier", 0.75 / Math.sqrt(model.headSize()));
            }
            default -> {
                // nothing of its own
            }
        }
    }
}
