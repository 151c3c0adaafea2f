package io.alisa.compat.scenario;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/** An application that calls the model's own steps: not {@code generate}, which is helped along. */
final class OwnStepsRun {
    /** Until a session counts as still open: seconds. */
    private static final int LOOKS = 10_000_000;

    private final AbstractModel model;
    private final int[] prompt;
    private final Map<Fact, String> facts = new EnumMap<>(Fact.class);

    OwnStepsRun(Scenario scenario, AbstractModel model) {
        this.model = model;
        this.prompt = Prompts.random(1, scenario.prompt(), model.getConfig().vocabularySize);
    }

    Recording run() throws InterruptedException {
        closeMidway();
        facts.put(Fact.PROMPT_TOKENS, List.of(rows(), rows()).toString());
        facts.put(Fact.PLUGIN_SESSIONS_LEFT, Integer.toString(PluginProbe.openSessions().size()));
        return new Recording(List.of(), facts);
    }

    /** What a step says whose session another thread closes between its first and its second layer. */
    @SuppressWarnings("rawtypes") // the host's reducers
    private void closeMidway() throws InterruptedException {
        KvBuffer buffer = new KvBufferCache(model).getEphemeralKvBuffer();
        Thread closing = new Thread(buffer::close, "closing");
        String said = "nothing";
        try (AbstractTensor<?, ?> output = model.batchForward(prompt, 0, buffer, Optional.of(attended -> {
            if (closing.getState() == Thread.State.NEW) {
                closing.start(); // it waits for this layer to end; the next one finds no session
                for (int looks = 0; looks < LOOKS && !PluginProbe.openSessions().isEmpty(); looks++) {
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
    }

    /** How many rows a prompt of a new session gives that asks, as {@code generate} does, where it is to begin. */
    private int rows() {
        try (KvBuffer buffer = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
                AbstractTensor<?, ?> output = model.batchForward(prompt, buffer.getCurrentContextPosition(), buffer)) {
            return output.shape().first();
        }
    }
}
