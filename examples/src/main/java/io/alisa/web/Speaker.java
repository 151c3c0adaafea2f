package io.alisa.web;

import java.util.concurrent.TimeUnit;

import io.alisa.SessionReport;
import io.alisa.chat.Conversation;
import io.alisa.chat.PluginView;
import io.alisa.chat.Turn;
import org.jspecify.annotations.Nullable;

/**
 * Turns what happens to a message into events: {@code wait} (again and again, since only that shows whether anybody is
 * still there) and {@code floor} (twice, for the same reason) where it had to, {@code read} (so many tokens of so many),
 * {@code text}, {@code figures} (some ten times a second), and {@code end}.
 */
final class Speaker implements SpeakerListener {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final EventStream events;
    private @Nullable Conversation conversation;
    private boolean waited;
    private long lastFigures;
    /** Tokens at the time of the last figures; negative while the message is still being read. */
    private int lastTokens = -1;

    Speaker(EventStream events) {
        this.events = events;
    }

    @Override
    public void onWait() {
        waited = true;
        events.send("wait", new Json().toString());
    }

    @Override
    public void onFloor(Conversation speaking) {
        conversation = speaking;
        if (waited) {
            events.sendTwice("floor", new Json().toString());
        }
    }

    @Override
    public void onPrefill(int done, int total) {
        events.send("read", new Json().put("done", done).put("total", total).toString());
        lastTokens = -1; // reading is no speed of writing
        figures(System.nanoTime());
    }

    @Override
    public void onText(String piece) {
        events.send("text", new Json().put("text", piece).toString());
        long now = System.nanoTime();
        if (now - lastFigures >= PERIOD_NANOS) {
            figures(now);
        }
    }

    @Override
    public boolean stop() {
        return events.isGone();
    }

    /** While it still has the floor: the session used last is its own. */
    @Override
    public void onEnd(Turn turn) {
        figures(System.nanoTime());
        events.send("end", new Json().put("finish", turn.finish().name()).put("readTokens", turn.prefill().tokens())
                .put("readMillis", turn.prefill().nanos() / 1e6).put("writtenTokens", turn.decode().tokens())
                .put("tokensPerSecond", turn.decode().perSecond()).toString());
    }

    private void figures(long now) {
        Conversation speaking = conversation;
        if (speaking == null) {
            return;
        }
        int tokens = speaking.tokens();
        Json json = new Json().put("tokens", tokens).put("limit", speaking.limit());
        if (lastTokens >= 0 && tokens > lastTokens) {
            json.put("tokensPerSecond", (tokens - lastTokens) * 1e9 / (now - lastFigures));
        }
        PluginView.lastSession().ifPresent(report -> add(json, report));
        events.send("figures", json.toString());
        lastTokens = tokens;
        lastFigures = now;
    }

    private static void add(Json json, SessionReport report) {
        json.put("held", report.tokens()).put("mode", report.mode()).put("phase", report.phase().name())
                .put("fastBytes", report.fastBytes())
                .put("slowBytes", report.slowBytes()).put("hostBytes", report.hostEquivalentBytes())
                .put("attended", report.attendedTokensPerStep()).put("deleted", report.deletedTokens())
                .put("recomputed", report.recomputedTokens()).put("recalled", report.recalledTokens())
                .put("loadedBytes", report.loadedBytes()).put("stallMillis", report.stallNanos() / 1e6);
    }
}
