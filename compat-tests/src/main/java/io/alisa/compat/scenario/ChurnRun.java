package io.alisa.compat.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Sessions one after the other, closed or forgotten, to see what stays behind. */
final class ChurnRun {
    /** Enough for the just-in-time compiler, the code cache and every pool to settle. */
    private static final int WARM_UP_SESSIONS = 100;
    /** Collections needed until everything unreachable is gone, at most. */
    private static final int COLLECTIONS = 200;

    private final Scenario scenario;
    private final Decoder decoder;

    ChurnRun(Scenario scenario, Decoder decoder) {
        this.scenario = scenario;
        this.decoder = decoder;
    }

    Recording run() throws IOException {
        useSessions(WARM_UP_SESSIONS);
        collect();
        long before = residentBytes();
        useSessions(scenario.sessions());
        collect();
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.RSS_BEFORE, Long.toString(before));
        facts.put(Fact.RSS_AFTER, Long.toString(residentBytes()));
        facts.put(Fact.PLUGIN_SESSIONS_LEFT, Integer.toString(PluginProbe.openSessions().size()));
        return new Recording(List.of(), facts);
    }

    private void useSessions(int count) {
        int vocab = decoder.model().getConfig().vocabularySize;
        float[] logits = new float[vocab];
        for (int i = 0; i < count; i++) {
            DecoderSession session = decoder.open();
            int token = session.prefill(Prompts.random(i, scenario.prompt(), vocab), 0, logits);
            for (int position = scenario.prompt(); position < scenario.prompt()
                    + scenario.decode(); position++) {
                token = session.decode(token, position, logits);
            }
            if (scenario.kind() == Kind.CHURN) {
                session.close();
            }
        }
    }

    private static void collect() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            if (i > 2 && PluginProbe.openSessions().isEmpty()) {
                return;
            }
        }
    }

    private static long residentBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("No VmRSS in /proc/self/status");
    }
}
