package io.alisa.chat;

import java.util.List;
import java.util.Map;

import com.github.tjake.jlama.safetensors.prompt.PromptSupport;
import com.github.tjake.jlama.safetensors.tokenizer.TokenizerModel;

/** Chat templates as they are in the wild, shortened. */
final class Templates {
    static final String CHATML = """
            {% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}\
            {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""";
    static final String MISTRAL = """
            {% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}\
            {% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + eos_token }}{% endif %}{% endfor %}""";
    static final String GEMMA = """
            {% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\
            {% for m in messages %}{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}\
            {{ '<start_of_turn>' + role + '\\n' + m['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}\
            {% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}""";
    /** Shows only the last message: what was read before does not go on. */
    static final String FORGETFUL = """
            {% for m in messages %}{% if loop.last %}Q: {{ m['content'] }} A:{% else %}({{ m['content'] }}){% endif %}{% endfor %}""";
    static final String BROKEN = "{% for m in messages %}{{ m.nothing.of_the_kind() }}{% endfor %}";

    private Templates() {
    }

    static PromptSupport support(String source) {
        TokenizerModel vocabulary = new TokenizerModel("BPE", "", false, false, Map.of("a", 0L), false,
                List.of());
        vocabulary.setPromptTemplates(Map.of("default", source));
        vocabulary.setEosToken("</s>");
        return new PromptSupport(vocabulary);
    }
}
