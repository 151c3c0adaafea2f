package io.alisa.compat.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.alisa.compat.ClientProcess.Client;
import io.alisa.compat.bench.ClientBench.Outcome;
import io.alisa.compat.quality.LineChart;

/** The table and the picture of what clients wait for. */
final class ClientReport {
    private static final int LAST = LongConversation.TURNS;
    private static final List<Integer> SHOWN = List.of(1, 2, 4, 6, 8, LAST);
    private static final double BAR = 10;
    private static final Map<Client, String> NAMES = Map.of(Client.PLAIN, "jlama-core", Client.STREAMING,
            "langchain4j, streaming", Client.CHAT, "langchain4j, whole answers", Client.SPRING_STREAMING,
            "langchain4j, streaming, in a Spring Boot jar");
    private static final Map<Client, Color> COLOURS = Map.of(Client.PLAIN, new Color(0xD55E00), Client.STREAMING,
            new Color(0x0072B2), Client.CHAT, new Color(0x8A4F7D), Client.SPRING_STREAMING, new Color(0x009E73));

    private final String model;
    private final Map<Client, Outcome> outcomes;

    ClientReport(String model, Map<Client, Outcome> outcomes) {
        this.model = model;
        this.outcomes = outcomes;
    }

    List<String> lines() {
        List<String> head = new ArrayList<>(List.of("ms to the first token of turn"));
        SHOWN.forEach(turn -> head.add(turn.toString()));
        head.addAll(List.of("tokens at the end", "answers"));
        Table table = new Table("Real clients, exact mode, " + model, head);
        outcomes.forEach((client, outcome) -> {
            table.row(row(NAMES.get(client) + ", host", outcome.host(), "", outcome.hostSame()));
            table.row(row(NAMES.get(client) + ", plugin", outcome.plugin(),
                    Table.tokens(Math.toIntExact(outcome.tokens())),
                    outcome.pluginSame()));
        });
        List<String> lines = new ArrayList<>(table.lines());
        lines.add(
                "\nThe answers are compared with those of the host alone to jlama-core, a new session id for each turn."
                        + " langchain4j's streaming model keeps one id, and the host then answers from what its cache held"
                        + " before. Whole answers: the time to the whole answer, a few tokens. A row without figures failed.");
        return lines;
    }

    private static List<String> row(String name, List<Double> millis, String tokens, boolean same) {
        List<String> row = new ArrayList<>(List.of(name));
        SHOWN.forEach(turn -> row.add(Table.cell("%.0f", millis.get(turn - 1))));
        row.add(tokens);
        row.add(same ? "the same" : "**others**");
        return row;
    }

    void judge(Bars bars) {
        outcomes.forEach((client, outcome) -> {
            bars.timesAsFast("first token of turn " + LAST + ", " + NAMES.get(client) + ", " + model, BAR,
                    outcome.ratio(LAST));
            bars.atLeast("share of turns with the reference's answers, " + NAMES.get(client) + ", " + model, "%.0f", 1,
                    outcome.pluginSame() ? 1 : 0);
        });
    }

    void draw(Path file) throws IOException {
        Map<String, Color> colours = new TreeMap<>();
        outcomes.keySet().forEach(client -> {
            colours.put(NAMES.get(client) + ", host", COLOURS.get(client));
            colours.put(NAMES.get(client) + ", plugin", COLOURS.get(client).brighter());
        });
        LineChart chart = new LineChart("First token, " + model, "turn", "ms", colours).logarithmic();
        outcomes.forEach((client, outcome) -> {
            chart.add(NAMES.get(client) + ", host", points(outcome.host()));
            chart.add(NAMES.get(client) + ", plugin", points(outcome.plugin()));
        });
        chart.save(file);
    }

    private static SortedMap<Integer, Double> points(List<Double> millis) {
        SortedMap<Integer, Double> points = new TreeMap<>();
        for (int turn = 1; turn <= millis.size(); turn++) {
            points.put(turn, millis.get(turn - 1));
        }
        return points;
    }
}
