package io.alisa.compat.scenario;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Changes the plugin's settings from session to session, as an application may: a session keeps the mode it began in. */
final class ModesRun {
    /** Values of {@code alisa.sparse} and {@code alisa.kv.type}. */
    private static final List<List<String>> MODES = List.of(List.of("false", "host"), List.of("false", "int8"),
            List.of("true", "int8"), List.of("true", "host"), List.of("false", "host"));

    private final Scenario scenario;
    private final Decoder decoder;

    ModesRun(Scenario scenario, Decoder decoder) {
        this.scenario = scenario;
        this.decoder = decoder;
    }

    /** Each session begins under its settings; when all have begun, all go on in turn. */
    Recording run() {
        List<DecoderSession> sessions = new ArrayList<>();
        List<Trace> traces = new ArrayList<>();
        List<String> begun = new ArrayList<>();
        List<String> after = new ArrayList<>();
        int[] prompt = Prompts.of(scenario, decoder.model(), 0);
        for (List<String> mode : MODES) {
            System.setProperty("alisa.sparse", mode.get(0));
            System.setProperty("alisa.kv.type", mode.get(1));
            sessions.add(decoder.open());
            traces.add(new Trace());
            step(sessions.getLast(), traces.getLast(), prompt, 0);
            begun.add(PluginProbe.lastMode());
        }
        for (int i = 0; i < scenario.decode(); i++) {
            for (int session = 0; session < sessions.size(); session++) {
                // All are fed what the first one says, so that they can be compared.
                int[] next = {traces.get(0).token(i)};
                step(sessions.get(session), traces.get(session), next, prompt.length + i);
                if (i == 0) {
                    after.add(PluginProbe.lastMode());
                }
            }
        }
        sessions.forEach(DecoderSession::close);
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.PLUGIN_MODE, begun.equals(after) ? begun.toString() : begun + " became " + after);
        facts.put(Fact.PLUGIN_BYTES_LEFT, Long.toString(PluginProbe.lastBytes()));
        return new Recording(traces, facts);
    }

    private void step(DecoderSession session, Trace trace, int[] tokens, int start) {
        float[] logits = new float[decoder.model().getConfig().vocabularySize];
        int said = tokens.length == 1
                ? session.decode(tokens[0], start, logits)
                : session.prefill(tokens, start, logits);
        trace.add(said, logits);
    }
}
