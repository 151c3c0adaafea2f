package io.alisa.compat.scenario;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What came of a scenario.
 *
 * @param traces one per session
 * @param facts  everything else, by name; see {@link Fact}
 */
public record Recording(List<Trace> traces, Map<Fact, String> facts) {

    public String fact(Fact fact) {
        String value = facts.get(fact);
        if (value == null) {
            throw new IllegalStateException("Not recorded: " + fact + ", only " + facts);
        }
        return value;
    }

    public long number(Fact fact) {
        return Long.parseLong(fact(fact));
    }

    public void write(Path file) throws IOException {
        try (DataOutputStream out = new DataOutputStream(
                new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.writeInt(traces.size());
            for (Trace trace : traces) {
                trace.write(out);
            }
            out.writeInt(facts.size());
            for (Map.Entry<Fact, String> fact : facts.entrySet()) {
                out.writeUTF(fact.getKey().name());
                out.writeUTF(fact.getValue());
            }
        }
    }

    public static Recording read(Path file) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            List<Trace> traces = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                traces.add(Trace.read(in));
            }
            Map<Fact, String> facts = new TreeMap<>();
            for (int left = in.readInt(); left > 0; left--) {
                facts.put(Fact.valueOf(in.readUTF()), in.readUTF());
            }
            return new Recording(traces, facts);
        }
    }
}
