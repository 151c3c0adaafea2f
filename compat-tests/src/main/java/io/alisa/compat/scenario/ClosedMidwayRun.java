package io.alisa.compat.scenario;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/** What a step says whose session another thread closes between its first and its second layer; and what the next one says. */
final class ClosedMidwayRun {
    private final Scenario scenario;
    private final AbstractModel model;

    ClosedMidwayRun(Scenario scenario, AbstractModel model) {
        this.scenario = scenario;
        this.model = model;
    }

    @SuppressWarnings("rawtypes") // the host's reducers
    Recording run() throws InterruptedException {
        int[] prompt = Prompts.random(1, scenario.prompt(), model.getConfig().vocabularySize);
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        KvBuffer buffer = new KvBufferCache(model).getEphemeralKvBuffer();
        Thread closing = new Thread(buffer::close, "closing");
        String said = "nothing";
        try (AbstractTensor<?, ?> output = model.batchForward(prompt, 0, buffer, Optional.of(attended -> {
            if (closing.getState() == Thread.State.NEW) {
                closing.start(); // it waits for this layer to end; the next one finds no session
                while (!PluginProbe.openSessions().isEmpty()) {
                    Thread.onSpinWait();
                }
            }
        }))) {
            said = "a result of " + output.shape();
        } catch (IllegalStateException e) {
            said = String.valueOf(e.getMessage());
        }
        closing.join();
        facts.put(Fact.TEXT, said);
        try (AbstractTensor<?, ?> again = model.batchForward(prompt, 0, buffer)) {
            facts.put(Fact.PROMPT_TOKENS, Integer.toString(again.shape().first()));
        }
        buffer.close();
        facts.put(Fact.PLUGIN_SESSIONS_LEFT, Integer.toString(PluginProbe.openSessions().size()));
        return new Recording(List.of(), facts);
    }
}
