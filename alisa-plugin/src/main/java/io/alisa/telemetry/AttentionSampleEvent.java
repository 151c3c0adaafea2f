package io.alisa.telemetry;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * What one KV head of one layer would have attended densely, beside what it did attend. Off unless a recording asks for it by
 * name: samples are taken more often then, each as dear as dense attention of that head.
 */
@Name("alisa.AttentionSample")
@Label("Attention Sample")
@Category("ALISA")
@Description("A sampled comparison of sparse with dense attention")
@StackTrace(false)
@Enabled(false)
public final class AttentionSampleEvent extends Event {
    private static final EventType TYPE = EventType.getEventType(AttentionSampleEvent.class);

    @Label("Policy")
    String policy = "";

    @Label("Layer")
    int layer;

    @Label("Tokens in Context")
    int tokens;

    @Label("Attended Tokens")
    int attended;

    @Label("Kept Attention Mass")
    @Description("Share of the dense attention weights that fell on attended tokens")
    double keptMass;

    @Label("Attention Sparsity")
    @Description("Share of the dense weights below 1 % of their row's maximum")
    double sparsity;

    @Label("Rank Correlation")
    @Description("Spearman's, of the weights of attended tokens, nothing for the others, with the dense weights")
    double rankCorrelation;

    /** Whether anybody listens: an event is made only then. */
    public static boolean isOn() {
        return TYPE.isEnabled();
    }

    /** Commits an event. */
    public static void emit(String policy, int layer, int tokens, int attended, double keptMass, double sparsity,
            double rankCorrelation) {
        AttentionSampleEvent event = new AttentionSampleEvent();
        event.policy = policy;
        event.layer = layer;
        event.tokens = tokens;
        event.attended = attended;
        event.keptMass = keptMass;
        event.sparsity = sparsity;
        event.rankCorrelation = rankCorrelation;
        event.commit();
    }
}
