package io.alisa.telemetry;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** What was recomputed during one step of one session. */
@Name("alisa.Recompute")
@Label("Recompute")
@Category("ALISA")
@Description("Deleted KV was computed again from the token ids during one step")
@StackTrace(false)
public final class RecomputeEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(RecomputeEvent.class);

    @Label("Session")
    String session = "";

    @Label("Tokens in Context")
    int tokens;

    @Label("Recomputed Tokens")
    long recomputed;

    @Label("Deleted Tokens")
    @Description("Tokens whose KV is deleted at present")
    long deleted;

    @Label("Time")
    @Timespan(Timespan.NANOSECONDS)
    long time;

    /** Whether anybody listens: an event is made only then. */
    public static boolean isOn() {
        return TYPE.isEnabled();
    }

    /** Commits an event. */
    public static void emit(String session, int tokens, long recomputed, long deleted, long nanos) {
        RecomputeEvent event = new RecomputeEvent();
        event.session = session;
        event.tokens = tokens;
        event.recomputed = recomputed;
        event.deleted = deleted;
        event.time = nanos;
        event.commit();
    }
}
