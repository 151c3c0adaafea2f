package io.alisa.compat.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.alisa.compat.Operations;

/**
 * What a saved session spares: restoring it against reading its prompt again, in one process, by the same weights, with
 * the host's native operations, which read prompts faster.
 */
final class RestoreBench {
    static final String MARK = "restore: ";
    static final int TOKENS = Sizes.QUICK ? 2_048 : 32_768;

    /** How the session keeps and attends its KV. */
    enum Kind {
        EXACT("exact F32"), //
        INT8("dense INT8", "-Dalisa.kv.type=int8"), //
        SPARSE("sparse 0.2 INT8", "-Dalisa.sparse=true");

        final String label;
        @SuppressWarnings("ImmutableEnumChecker") // List.of makes it so
        private final List<String> settings;

        Kind(String label, String... settings) {
            this.label = label;
            this.settings = List.of(settings);
        }
    }

    /** What a run printed: seconds, bytes. */
    record Outcome(double prefill, double save, double restore, long bytes) {
        double times() {
            return prefill / restore;
        }
    }

    private final ChildJvm child;

    RestoreBench(ChildJvm child) {
        this.child = child;
    }

    Map<Kind, Outcome> run() throws IOException, InterruptedException {
        Map<Kind, Outcome> outcomes = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
            System.out.println("== restore: " + kind.label);
            Outcome outcome = parse(child.run(Operations.NATIVE, kind.settings, RestoreRun.class, MARK,
                    List.of(Integer.toString(TOKENS))).getLast());
            System.out.println(outcome); // the next takes minutes
            outcomes.put(kind, outcome);
        }
        return outcomes;
    }

    private static Outcome parse(String... parts) {
        return new Outcome(Double.parseDouble(parts[0]), Double.parseDouble(parts[1]), Double.parseDouble(parts[2]),
                Long.parseLong(parts[3]));
    }

    static List<String> report(Map<Kind, Outcome> outcomes, Bars bars) {
        Table table = new Table("Saving and restoring a session of " + Table.tokens(TOKENS)
                + " tokens, 4 layers of Llama-3.2-1B, F32 weights, native operations; the file is in the system's page cache",
                List.of("", "prefill, s", "save, s", "restore, s", "prefill / restore", "file, MB"));
        outcomes.forEach((kind, o) -> {
            table.row(List.of(kind.label, Table.cell("%.2f", o.prefill()), Table.cell("%.2f", o.save()),
                    Table.cell("%.3f", o.restore()), Table.cell("%.0f", o.times()),
                    Table.cell("%.0f", o.bytes() / 1e6)));
            bars.timesAsFast("restore against prefill, " + kind.label, 20, o.times());
        });
        return table.lines();
    }
}
