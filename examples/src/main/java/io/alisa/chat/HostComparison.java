package io.alisa.chat;

import java.util.Locale;

import com.github.tjake.jlama.safetensors.tokenizer.Tokenizer;

/**
 * {@code /host}: the last turn once more by the host alone. Its speed is compared with the same turn in another fresh
 * JVM with the plugin, since this chat's own JVM may have been warmer or colder.
 */
final class HostComparison {
    private final ReplayJvm plugin;
    private final ReplayJvm host;

    HostComparison(ModelOptions options) {
        plugin = new ReplayJvm(options, true);
        host = new ReplayJvm(options, false);
    }

    String run(Replay replay, Turn turn, Tokenizer tokenizer) {
        return table(turn, plugin.run(replay), host.run(replay), tokenizer);
    }

    void stop() {
        plugin.stop();
        host.stop();
    }

    static String table(Turn turn, ReplayJvm.Result plugin, ReplayJvm.Result host, Tokenizer tokenizer) {
        StringBuilder table = new StringBuilder();
        table.append(String.format(Locale.ROOT, "%-8s %16s %16s%n", "", "prefill", "decode"));
        row(table, "plugin", plugin.prefill(), plugin.decode());
        row(table, "host", host.prefill(), host.decode());
        table.append(
                String.format(Locale.ROOT, "%-8s %16s %16s%n", "", ratio(plugin.prefill(), host.prefill()),
                        ratio(plugin.decode(), host.decode())));
        table.append("plugin: ").append(turn.text().strip()).append('\n');
        table.append("host:   ").append(Detokenizer.text(tokenizer, host.ids().toArray()).strip())
                .append('\n');
        int apart = turn.replyIds().mismatch(host.ids());
        table.append(apart < 0
                ? "Identical, all " + Figures.count(host.ids().size(), "token") + "."
                : "Different from token " + (apart + 1) + " of " + host.ids().size() + " on.");
        return table.toString();
    }

    private static void row(StringBuilder table, String name, Turn.Speed prefill, Turn.Speed decode) {
        table.append(String.format(Locale.ROOT, "%-8s %16s %16s%n", name, Figures.speed(prefill),
                Figures.speed(decode)));
    }

    private static String ratio(Turn.Speed ours, Turn.Speed theirs) {
        return ours.tokens() == 0 || theirs.tokens() == 0
                ? "-"
                : String.format(Locale.ROOT, "%.2f x", ours.perSecond() / theirs.perSecond());
    }
}
