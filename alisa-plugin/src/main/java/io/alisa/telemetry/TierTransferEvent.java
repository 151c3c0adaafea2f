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

/** What moved between the tiers during one step of one session. */
@Name("alisa.TierTransfer")
@Label("Tier Transfer")
@Category("ALISA")
@Description("KV moved between RAM, the session's file and a device during one step")
@StackTrace(false)
public final class TierTransferEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(TierTransferEvent.class);

    @Label("Session")
    String session = "";

    @Label("Tokens in Context")
    int tokens;

    @Label("Stored")
    @Description("Written to the slow tier")
    @DataAmount
    long storedBytes;

    @Label("Loaded")
    @Description("Read from the slow tier")
    @DataAmount
    long loadedBytes;

    @Label("Stall")
    @Description("Time attention waited for the slow tier")
    @Timespan(Timespan.NANOSECONDS)
    long stall;

    @Label("Fast Tier")
    @DataAmount
    long fastBytes;

    @Label("Slow Tier")
    @DataAmount
    long slowBytes;

    @Label("Uploaded")
    @Description("Copied to the device")
    @DataAmount
    long uploadedBytes;

    @Label("Device")
    @DataAmount
    long deviceBytes;

    /** Whether anybody listens: an event is made only then. */
    public static boolean isOn() {
        return TYPE.isEnabled();
    }

    /** Commits an event. */
    public static void emit(String session, int tokens, long storedBytes, long loadedBytes, long stallNanos,
            long fastBytes, long slowBytes, long uploadedBytes, long deviceBytes) {
        TierTransferEvent event = new TierTransferEvent();
        event.session = session;
        event.tokens = tokens;
        event.storedBytes = storedBytes;
        event.loadedBytes = loadedBytes;
        event.stall = stallNanos;
        event.fastBytes = fastBytes;
        event.slowBytes = slowBytes;
        event.uploadedBytes = uploadedBytes;
        event.deviceBytes = deviceBytes;
        event.commit();
    }
}
