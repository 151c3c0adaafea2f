package io.alisa.chat;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

import io.alisa.SessionReport;

/** What {@code /stats} shows. */
final class StatsTable {
    private StatsTable() {
    }

    static String of(LoadedModel model, Conversation conversation, Optional<SessionReport> report) {
        StringBuilder table = new StringBuilder();
        row(table, "model", model.describe());
        row(table, "context", String.format(Locale.ROOT, "%,d of %,d tokens (%s)", conversation.tokens(),
                conversation.limit(), Figures.share(conversation.tokens(), conversation.limit())));
        report.ifPresentOrElse(r -> session(table, r),
                () -> row(table, "plugin", PluginView.isActive()
                        ? "a new session begins with your next message"
                        : "not active, the host alone"));
        turns(table, conversation.turns());
        return table.toString().stripTrailing();
    }

    private static void session(StringBuilder table, SessionReport r) {
        long held = r.fastBytes() + r.slowBytes();
        row(table, "mode", r.mode() + ", phase " + r.phase());
        row(table, "KV held", Figures.bytes(held) + " (fast " + Figures.bytes(r.fastBytes()) + ", slow "
                + Figures.bytes(r.slowBytes()) + ")");
        row(table, "host's KV", Figures.bytes(r.hostEquivalentBytes()) + " for the same tokens; ours is "
                + Figures.share(held, r.hostEquivalentBytes()));
        row(table, "attended",
                String.format(Locale.ROOT, "%,.1f of %,d tokens per step", r.attendedTokensPerStep(),
                        r.tokens()));
        row(table, "attention kept", String.format(Locale.ROOT, "%.1f %%", 100 * r.keptMass()));
        row(table, "recalled", Figures.count(r.recalledTokens(), "token"));
        row(table, "recomputed", Figures.count(r.recomputedTokens(), "token") + ", "
                + Figures.count(r.deletedTokens(), "token") + " deleted at present");
        row(table, "brought back", Figures.bytes(r.loadedBytes())
                + String.format(Locale.ROOT, " from the slow tier, waited %.1f ms", r.stallNanos() / 1e6));
    }

    private static void turns(StringBuilder table, List<Turn> turns) {
        if (turns.isEmpty()) {
            return;
        }
        table.append(String.format(Locale.ROOT, "%n%4s %10s %14s %10s %14s%n", "turn", "read", "prefill",
                "written",
                "decode"));
        for (int i = 0; i < turns.size(); i++) {
            Turn turn = turns.get(i);
            table.append(String.format(Locale.ROOT, "%4d %,10d %14s %,10d %14s%n", i + 1,
                    turn.prefill().tokens(),
                    Figures.speed(turn.prefill()), turn.replyIds().size(), Figures.speed(turn.decode())));
        }
    }

    private static void row(StringBuilder table, String name, String value) {
        table.append(String.format(Locale.ROOT, "%-13s %s%n", name, value));
    }
}
