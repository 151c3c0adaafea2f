package io.alisa.compat.scenario;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.LayerNorm;
import com.github.tjake.jlama.model.functions.Generator.Response;
import com.github.tjake.jlama.model.functions.SampleOutput;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/**
 * A conversation whose whole history is sent in each turn under a new id, which may take over what was computed before; and
 * each turn once more as one prefill of everything, which may not. Of either a trace, all turns in one.
 */
final class ReusedRun {
    /** The host's last bits may change when its code is compiled: that is over by then. */
    private static final int WARM_UP_ROUNDS = 2;

    private final Scenario scenario;
    private final AbstractModel model;
    private final List<AbstractTensor<?, ?>> states = new ArrayList<>();
    private boolean recording;
    private String reused = "";

    ReusedRun(Scenario scenario, AbstractModel model) {
        this.scenario = scenario;
        this.model = model;
    }

    Recording run() throws ReflectiveOperationException {
        record(model);
        Trace takenOver = new Trace();
        Trace whole = new Trace();
        for (int round = 0; round <= WARM_UP_ROUNDS; round++) {
            takenOver = new Trace();
            whole = new Trace();
            talk("Round " + round + ". ", takenOver, whole);
        }
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.PLUGIN_MODE, PluginProbe.lastMode());
        facts.put(Fact.PLUGIN_REUSED, reused);
        return new Recording(List.of(takenOver, whole), facts);
    }

    private void talk(String beginning, Trace takenOver, Trace whole) {
        String history = beginning;
        for (String turn : scenario.text().split("\\|\\|", -1)) {
            history += turn;
            int[] ids = model.encodePrompt(PromptContext.of(history));
            Response response = generate(history, ids.length, takenOver);
            reused = PluginProbe.last("reusedTokens");
            prefill(ids, takenOver, whole);
            history += response.responseText;
        }
    }

    private Response generate(String history, int tokens, Trace trace) {
        recording = true;
        Response response = model.generate(UUID.randomUUID(), PromptContext.of(history), 0f, tokens + scenario.decode(),
                (piece, ms) -> {
                });
        recording = false;
        for (AbstractTensor<?, ?> state : states) {
            float[] logits = new float[model.getConfig().vocabularySize];
            trace.add(HostModels.sample(model, state, logits), logits);
            state.close();
        }
        states.clear();
        return response;
    }

    /** Feeds what was said in the other trace. */
    private void prefill(int[] prompt, Trace said, Trace trace) {
        try (KvBuffer buffer = new KvBufferCache(model).getEphemeralKvBuffer()) {
            AbstractTensor<?, ?> output = model.batchForward(prompt, 0, buffer);
            for (int position = prompt.length;; position++) {
                float[] logits = new float[model.getConfig().vocabularySize];
                trace.add(HostModels.sample(model, output, logits), logits);
                output.close();
                if (trace.steps() == said.steps()) {
                    return;
                }
                output = model.forward(said.token(trace.steps() - 1), position, buffer, Optional.empty());
            }
        }
    }

    /** Has the model's output norm keep a copy of every state that a token is sampled from. */
    private void record(AbstractModel of) throws ReflectiveOperationException {
        Field field = AbstractModel.class.getDeclaredField("sampleOutput");
        field.setAccessible(true);
        SampleOutput original = (SampleOutput) field.get(of);
        LayerNorm norm = original.getOutputLayerNorm();
        LayerNorm noting = new LayerNorm(of, original.getOutputLogitsWeights(), original.getOutputLogitsWeights()) {
            @Override
            @SuppressWarnings("rawtypes") // as the host declares it
            public AbstractTensor forward(AbstractTensor input) {
                if (recording) {
                    AbstractTensor<?, ?> copy = of.makeDenseTensor(1, input.shape().last());
                    for (int i = 0; i < input.shape().last(); i++) { // the host copies BF16 by half
                        copy.set(input.get(0, i), 0, i);
                    }
                    states.add(copy);
                }
                return norm.forward(input);
            }
        };
        field.set(of, new SampleOutput() {
            @Override
            public LayerNorm getOutputLayerNorm() {
                return noting;
            }

            @Override
            @SuppressWarnings("rawtypes")
            public AbstractTensor getOutputLogitsWeights() {
                return original.getOutputLogitsWeights();
            }
        });
    }
}
