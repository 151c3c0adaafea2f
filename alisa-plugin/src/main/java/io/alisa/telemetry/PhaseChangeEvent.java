package io.alisa.telemetry;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The scheduler went from one phase to another. */
@Name("alisa.PhaseChange")
@Label("Phase Change")
@Category("ALISA")
@Description("A session's KV outgrew a tier, or fits again")
@StackTrace(false)
public final class PhaseChangeEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(PhaseChangeEvent.class);

    @Label("Session")
    String session = "";

    @Label("Tokens in Context")
    int tokens;

    @Label("From")
    String from = "";

    @Label("To")
    String to = "";

    /** Whether anybody listens: an event is made only then. */
    public static boolean isOn() {
        return TYPE.isEnabled();
    }

    /** Commits an event. */
    public static void emit(String session, int tokens, String from, String to) {
        PhaseChangeEvent event = new PhaseChangeEvent();
        event.session = session;
        event.tokens = tokens;
        event.from = from;
        event.to = to;
        event.commit();
    }
}
