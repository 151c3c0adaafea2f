package io.alisa.telemetry;

import jdk.jfr.Category;
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
    @Timespan(Timespan.NANOSECONDS)
    long selectTime;

    @Label("Attention")
    @Description("Attention over the selected tokens, and the estimate of the skipped ones")
    @Timespan(Timespan.NANOSECONDS)
    long attendTime;

    /** Whether anybody listens: an event is made only then. */
    public static boolean isOn() {
        return TYPE.isEnabled();
    }

    /** Commits an event. */
    public static void emit(String session, int tokens, double attended, double recalled, long selectNanos,
            long attendNanos) {
        DecodeStepEvent event = new DecodeStepEvent();
        event.session = session;
        event.tokens = tokens;
        event.attended = attended;
        event.recalled = recalled;
        event.selectTime = selectNanos;
        event.attendTime = attendNanos;
        event.commit();
    }
}
