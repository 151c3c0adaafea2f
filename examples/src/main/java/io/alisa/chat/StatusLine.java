package io.alisa.chat;

import java.util.Locale;
import java.util.Optional;

import io.alisa.SessionReport;

/** One line about where the conversation stands. */
final class StatusLine {
    private StatusLine() {
    }

    static String of(Conversation conversation, Turn turn, Optional<SessionReport> report) {
        String kv = report
                .map(r -> "KV " + tiers(r) + " (host " + Figures.bytes(r.hostEquivalentBytes()) + "), phase "
                        + r.phase() + " | " + r.mode() + sparse(r))
                .orElse("the host alone, plugin not active");
        return String.format(Locale.ROOT, "%,d of %,d tokens | prefill %s | decode %s | %s%s",
                conversation.tokens(),
                conversation.limit(), Figures.speed(turn.prefill()), Figures.speed(turn.decode()), kv,
                ending(turn.finish()));
    }

    private static String tiers(SessionReport r) {
        String fast = Figures.bytes(r.fastBytes());
        return r.slowBytes() == 0 ? fast : fast + " RAM + " + Figures.bytes(r.slowBytes()) + " file";
    }

    private static String sparse(SessionReport r) {
        return r.mode().contains("sparse")
                ? String.format(Locale.ROOT, ", attends %,.0f of %s per step (%.0f %% of the attention), %,d recalled",
                        r.attendedTokensPerStep(), Figures.count(r.tokens(), "token"), 100 * r.keptMass(),
                        r.recalledTokens())
                : "";
    }

    private static String ending(Turn.Finish finish) {
        return switch (finish) {
            case END_TOKEN -> "";
            case MAX_TOKENS -> " | cut at --max-tokens";
            case CONTEXT_FULL -> " | the context is full: /new keep or /new";
            case STOPPED -> " | stopped";
        };
    }
}
