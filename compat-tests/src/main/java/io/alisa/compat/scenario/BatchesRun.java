package io.alisa.compat.scenario;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The same tokens, fed in batches of several sizes: a trace for each of {@link #SIZES}, of what is said behind the prompt and
 * behind some more tokens.
 */
public final class BatchesRun {
    /** Token by token, as they are decoded; a block; no multiple of anything; the host's own size, at the beginning and again. */
    public static final List<Integer> SIZES = List.of(256, 1, 64, 100, 256);
    /** The host's last bits may change when its code is compiled: that is over by then. */
    private static final int WARM_UP_ROUNDS = 2;

    private final Scenario scenario;
    private final Decoder decoder;

    BatchesRun(Scenario scenario, Decoder decoder) {
        this.scenario = scenario;
        this.decoder = decoder;
    }

    Recording run() {
        List<Trace> traces = new ArrayList<>();
        for (int round = 0; round <= WARM_UP_ROUNDS; round++) {
            traces.clear();
            for (int size : SIZES) {
                traces.add(feed(size));
            }
        }
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.PLUGIN_MODE, PluginProbe.lastMode());
        return new Recording(traces, facts);
    }

    private Trace feed(int size) {
        int[] prompt = Prompts.of(scenario, decoder.model(), 0);
        int[] more = Prompts.random(1, scenario.decode(), decoder.model().getConfig().vocabularySize);
        Trace trace = new Trace();
        try (DecoderSession session = decoder.open()) {
            float[] logits = logits();
            int said = 0;
            for (int from = 0; from < prompt.length; from += size) {
                int end = Math.min(prompt.length, from + size);
                said = size == 1
                        ? session.decode(prompt[from], from, logits)
                        : session.prefill(Arrays.copyOfRange(prompt, from, end), from, logits);
            }
            trace.add(said, logits);
            for (int i = 0; i < more.length; i++) {
                float[] after = logits();
                trace.add(session.decode(more[i], prompt.length + i, after), after);
            }
        }
        return trace;
    }

    private float[] logits() {
        return new float[decoder.model().getConfig().vocabularySize];
    }
}
