package io.alisa.compat.scenario;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;

/** Sessions that decode greedily, one per prompt, driven by one thread or several. */
final class GreedyRun {
    private final Scenario scenario;
    private final Decoder decoder;
    private final Optional<Recording> reference;

    GreedyRun(Scenario scenario, Decoder decoder, Optional<Recording> reference) {
        this.scenario = scenario;
        this.decoder = decoder;
        this.reference = reference;
    }

    Recording run() throws InterruptedException, ExecutionException {
        Recording recording = runSessions();
        recording.facts().put(Fact.PLUGIN_BYTES_LEFT, Long.toString(PluginProbe.lastBytes()));
        return recording;
    }

    private Recording runSessions() throws InterruptedException, ExecutionException {
        List<GreedySession> sessions = new ArrayList<>();
        for (int i = 0; i < scenario.sessions(); i++) {
            int session = i;
            sessions.add(new GreedySession(scenario, Prompts.of(scenario, decoder.model(), session), decoder,
                    reference.map(recording -> recording.traces().get(session))));
        }
        // A pool whose workers do what others have left while they wait for something: sessions must not get into each other.
        ExecutorService threads = scenario.threads() == 1
                ? Executors.newSingleThreadExecutor()
                : new ForkJoinPool(scenario.threads());
        try {
            List<Trace> traces = new ArrayList<>();
            for (Future<Trace> trace : threads.invokeAll(sessions)) {
                traces.add(trace.get());
            }
            return new Recording(traces, facts(sessions));
        } finally {
            threads.shutdown();
            sessions.forEach(GreedySession::close);
        }
    }

    private static Map<Fact, String> facts(List<GreedySession> sessions) {
        List<Long> fed = new ArrayList<>();
        sessions.forEach(session -> fed.addAll(session.contextOfEachBuffer()));
        fed.sort(null);
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.FED, fed.toString());
        facts.put(Fact.PLUGIN_SESSIONS, PluginProbe.openSessions().toString());
        facts.put(Fact.PLUGIN_MODE, PluginProbe.lastMode());
        facts.put(Fact.PLUGIN_PHASE, PluginProbe.last("phase"));
        facts.put(Fact.PLUGIN_RECOMPUTED, PluginProbe.last("recomputedTokens"));
        facts.put(Fact.PLUGIN_BYTES, Long.toString(PluginProbe.openBytes("fastBytes")));
        facts.put(Fact.HOST_BYTES, Long.toString(PluginProbe.openBytes("hostEquivalentBytes")));
        return facts;
    }
}
