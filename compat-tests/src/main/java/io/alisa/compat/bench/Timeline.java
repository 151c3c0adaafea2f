package io.alisa.compat.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.alisa.compat.Operations;
import io.alisa.compat.quality.LineChart;

/** A conversation that outgrows tier after tier, drawn: tokens against bytes per tier, and against milliseconds per token. */
final class Timeline {
    static final String MARK = "timeline: ";
    private static final int PROMPT = 2_048;
    private static final int END = Sizes.QUICK ? 5_000 : 7_488;
    private static final String FAST = "RAM";
    private static final String SLOW = "file";
    private static final String HOST = "the host's own cache, F32";
    private static final String STEP = "ms per token";
    private static final Map<String, Color> COLOURS = Map.of(FAST, new Color(0xD55E00), SLOW, new Color(0x0072B2), HOST,
            Color.BLACK, STEP, new Color(0xD55E00));
    private static final String TOKENS = "tokens in the context";
    /** Of the host, per token: 16 layers of 4 KV heads of 32. */
    private static final double HOST_MB = 16 * 2 * 4 * 32 * Float.BYTES / 1e6;

    private final ChildJvm child;

    Timeline(ChildJvm child) {
        this.child = child;
    }

    /** Runs it and draws it into {@code directory}. Returns lines of the report. */
    List<String> run(Path directory) throws IOException, InterruptedException {
        System.out.println("== timeline");
        List<String[]> rows = child.run(Operations.PANAMA,
                List.of("-Dalisa.sparse=true", "-Dalisa.memory.fast=16m", "-Dalisa.memory.slow=20m"), TimelineRun.class,
                MARK, List.of(Integer.toString(PROMPT), Integer.toString(END)));
        SortedMap<Integer, Double> fast = new TreeMap<>();
        SortedMap<Integer, Double> slow = new TreeMap<>();
        SortedMap<Integer, Double> host = new TreeMap<>();
        SortedMap<Integer, Double> millis = new TreeMap<>();
        Table table = new Table("A conversation that outgrows its tiers: 16 layers, 256 wide, sparse 0.2, a prompt of "
                + Table.tokens(PROMPT) + " tokens; 16 MiB of RAM, 20 MiB of file",
                List.of("phase", "from, tokens", "RAM, MB", "file, MB", "deleted tokens", "ms per token"));
        String phase = "";
        for (String[] row : rows) {
            int tokens = Integer.parseInt(row[0]);
            fast.put(tokens, Double.parseDouble(row[1]) / 1e6);
            slow.put(tokens, Double.parseDouble(row[2]) / 1e6);
            host.put(tokens, tokens * HOST_MB);
            millis.put(tokens, Double.parseDouble(row[4]));
            if (!row[5].equals(phase)) {
                phase = row[5];
                table.row(List.of(phase, Table.tokens(tokens), Table.cell("%.1f", fast.get(tokens)),
                        Table.cell("%.1f", slow.get(tokens)), row[3], Table.cell("%.2f", millis.get(tokens))));
            }
        }
        new LineChart("Bytes per tier", TOKENS, "MB", COLOURS).add(FAST, fast).add(SLOW, slow).add(HOST, host)
                .save(directory.resolve("timeline-bytes.png"));
        new LineChart("Time per token", TOKENS, "ms", COLOURS).logarithmic().add(STEP, millis)
                .save(directory.resolve("timeline-time.png"));
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("\nDrawn in timeline-bytes.png and timeline-time.png.");
        return lines;
    }
}
