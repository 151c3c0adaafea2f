package io.alisa.compat.scenario;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.functions.Generator.Response;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;

/**
 * {@code generate}, as a chat client calls it. Several sessions mean several calls with one session id: the host then
 * goes on where its position counter stands.
 */
final class GenerateRun {
    private final Scenario scenario;
    private final AbstractModel model;

    GenerateRun(Scenario scenario, AbstractModel model) {
        this.scenario = scenario;
        this.model = model;
    }

    Recording run() {
        UUID session = UUID.nameUUIDFromBytes(new byte[]{1});
        StringBuilder streamed = new StringBuilder();
        List<String> texts = new ArrayList<>();
        List<Object> reasons = new ArrayList<>();
        List<Integer> promptTokens = new ArrayList<>();
        List<Integer> generatedTokens = new ArrayList<>();
        for (int call = 0; call < scenario.sessions(); call++) {
            Response response = model.generate(session, PromptContext.of(scenario.text()), 0f,
                    scenario.decode(),
                    (piece, milliseconds) -> streamed.append(piece));
            texts.add(response.responseTextWithSpecialTokens);
            reasons.add(response.finishReason);
            promptTokens.add(response.promptTokens);
            generatedTokens.add(response.generatedTokens);
        }
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.TEXT, texts.toString());
        facts.put(Fact.STREAMED_TEXT, streamed.toString());
        facts.put(Fact.FINISH_REASON, reasons.toString());
        facts.put(Fact.PROMPT_TOKENS, promptTokens.toString());
        facts.put(Fact.GENERATED_TOKENS, generatedTokens.toString());
        facts.put(Fact.FED, List.of(context(promptTokens, generatedTokens)).toString());
        facts.put(Fact.PLUGIN_SESSIONS, PluginProbe.lastSession().toString());
        facts.put(Fact.PLUGIN_MODE, PluginProbe.lastMode());
        return new Recording(List.of(), facts);
    }

    /** Where the last call ended; the counter it started from counts generated tokens only. */
    private long context(List<Integer> promptTokens, List<Integer> generatedTokens) {
        long start = generatedTokens.subList(0, generatedTokens.size() - 1).stream().mapToInt(n -> n).sum();
        int added = model.encodePrompt(PromptContext.of(scenario.text())).length - promptTokens.getLast();
        return start + added + promptTokens.getLast() + generatedTokens.getLast();
    }
}
