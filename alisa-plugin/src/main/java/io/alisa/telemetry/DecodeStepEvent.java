package io.alisa.telemetry;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** One decoded token of one session. */
@Name("alisa.DecodeStep")
@Label("Decode Step")
@Category("ALISA")
@Description("One token decoded")
@StackTrace(false)
public final class DecodeStepEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(DecodeStepEvent.class);

    @Label("Session")
    String session = "";

    @Label("Tokens in Context")
    int tokens;

    @Label("Attended Tokens")
    @Description("Mean over layers and KV heads")
    double attended;

    @Label("Recalled Tokens")
    @Description("Attended now but not a step before; mean over layers and KV heads")
    double recalled;

    @Label("Selection")
    @Description("0 where all tokens are attended")
    @Timespan(Timespan.NANOSECONDS)
    long selectTime;

    @Label("Attention")
    @Description("Attention over the selected tokens, and the estimate of the skipped ones; 0 where all are attended")
    @Timespan(Timespan.NANOSECONDS)
    long attendTime;

    @Label("Fast Tier")
    @DataAmount
    long fastBytes;

    @Label("Slow Tier")
    @DataAmount
    long slowBytes;

    @Label("Host's Own Cache")
    @Description("What it would hold for these tokens")
    @DataAmount
    long hostEquivalentBytes;

    @Label("Deleted Tokens")
    @Description("Deleted at present")
    long deletedTokens;

    /**
     * What a session holds.
     *
     * @param fastBytes           in RAM
     * @param slowBytes           in its file
     * @param hostEquivalentBytes what the host's own cache would hold
     * @param deletedTokens       that are deleted at present
     */
    public record Held(long fastBytes, long slowBytes, long hostEquivalentBytes, long deletedTokens) {
    }

    /** Whether anybody listens: an event is made only then. */
    public static boolean isOn() {
        return TYPE.isEnabled();
    }

    /** Commits an event. */
    public static void emit(String session, int tokens, double attended, double recalled, long selectNanos,
            long attendNanos, Held held) {
        DecodeStepEvent event = new DecodeStepEvent();
        event.session = session;
        event.tokens = tokens;
        event.attended = attended;
        event.recalled = recalled;
        event.selectTime = selectNanos;
        event.attendTime = attendNanos;
        event.fastBytes = held.fastBytes;
        event.slowBytes = held.slowBytes;
        event.hostEquivalentBytes = held.hostEquivalentBytes;
        event.deletedTokens = held.deletedTokens;
        event.commit();
    }
}
