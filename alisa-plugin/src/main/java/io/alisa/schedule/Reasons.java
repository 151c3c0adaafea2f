package io.alisa.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.alisa.units.ByteSize;
import org.jspecify.annotations.Nullable;

/** Why a plan offloads and deletes, or does not, in one sentence each. */
final class Reasons {
    /** Tokens over which the price of replay is spread: it runs for all deleted tokens or for none. */
    private static final int MANY = 1024;

    private static final String SWITCHED_OFF = "Nothing is deleted: recomputation is switched off.";

    private final CostModel costs;
    private final ByteModel bytes;
    private final Caps caps;
    private final Expectation expected;
    private final Set<Recomputation> allowed;
    private final List<String> sentences = new ArrayList<>();

    Reasons(CostModel costs, Caps caps, Expectation expected, Set<Recomputation> allowed) {
        this.costs = costs;
        this.bytes = costs.bytes();
        this.caps = caps;
        this.expected = expected;
        this.allowed = allowed;
    }

    List<String> of(Split split, @Nullable Recomputation used, boolean fits) {
        if (!fits) { // what it would offload and how tokens would come back contradicts that
            return doesNotFit();
        }
        double needed = Forecast.fastBytes(bytes, Split.NONE, null, expected.context());
        if (needed <= caps.fastBytes()) {
            sentences.add("Nothing is offloaded: all " + expected.context() + " tokens take "
                    + size(needed) + ", and the fast tier may hold " + ByteSize.format(caps.fastBytes()) + ".");
        } else if (bytes.precision().isMovable()) {
            offload(split, used);
        }
        if (bytes.precision().isMovable()) {
            byteRefusals();
            deletion(used, needed);
        } else {
            sentences.add("A session that keeps " + bytes.precision()
                    + " has no slow tier and deletes nothing: at the fast tier's cap it ends with a message.");
        }
        return sentences;
    }

    private List<String> doesNotFit() {
        int longest = new Room(bytes, caps, null).longest(expected.context());
        for (Recomputation by : allowed) {
            if (by.savedBytes(bytes) > 0) {
                longest = Math.max(longest, new Room(bytes, caps, by).longest(expected.context()));
            }
        }
        boolean movable = bytes.precision().isMovable();
        sentences.add("A context of " + expected.context() + " tokens does not fit: at most " + longest
                + " do; raise the cap of the fast " + (movable ? "or the slow tier." : "tier."));
        if (movable && allowed.isEmpty()) {
            sentences.add(SWITCHED_OFF);
        }
        return sentences;
    }

    private void offload(Split split, @Nullable Recomputation used) {
        if (caps.slowBytes() == 0) {
            sentences.add("Offloading is not possible: the slow tier may hold nothing.");
        } else if (caps.slowBytes() < bytes.rowBytes()) {
            sentences.add("Offloading is not possible: the slow tier may hold " + ByteSize.format(caps.slowBytes())
                    + ", a token takes " + ByteSize.format(bytes.rowBytes()) + ".");
        } else if (used != null && split.slow(expected.context()) < 1) {
            sentences.add(loadNanos() > recomputeNanos(used)
                    ? "Offloading is refused: reading a token back costs " + micros(loadNanos())
                            + " a step, recomputing it " + micros(recomputeNanos(used)) + "."
                    : "Nothing is offloaded: the slow tier may hold " + ByteSize.format(caps.slowBytes())
                            + ", and the plan is faster without.");
        } else {
            sentences.add(String.format(Locale.ROOT,
                    "From %d tokens on, %.0f %% of the growth goes to the slow tier; reading a token back costs %s a step.",
                    split.offloadFrom(), 100 * split.offloadRatio(), micros(loadNanos())));
        }
    }

    /** Ways of recomputation that the byte model alone rules out. */
    private void byteRefusals() {
        if (Recomputation.PROJECT.savedBytes(bytes) <= 0) {
            sentences.add("Keeping each layer's input to project keys and values from is refused: the input takes "
                    + size(Recomputation.PROJECT.slowBytes(bytes)) + " a token, the " + bytes.precision()
                    + " keys and values themselves " + ByteSize.format(bytes.rowBytes()) + ".");
        } else if (!allowed.contains(Recomputation.PROJECT)) {
            sentences.add("Keeping each layer's input to project keys and values from would save "
                    + size(Recomputation.PROJECT.savedBytes(bytes)) + " of " + ByteSize.format(bytes.rowBytes())
                    + " a token, but is not available here.");
        }
        if (Recomputation.REPLAY.savedBytes(bytes) <= 0) {
            sentences.add("Replaying deleted tokens is refused: it needs " + size(Recomputation.REPLAY.fastBytes(bytes))
                    + " a token in the fast tier, and the token itself takes " + ByteSize.format(bytes.rowBytes())
                    + ".");
        }
    }

    private void deletion(@Nullable Recomputation used, double needed) {
        if (used != null) {
            int without = new Room(bytes, caps, null).longest(expected.context());
            sentences.add("Deleted tokens come back by " + name(used) + ": " + micros(recomputeNanos(used))
                    + " a token and step, and deleting one saves " + size(used.savedBytes(bytes)) + ".");
            if (without < expected.context()) {
                sentences.add("That is what the caps force, not what is fastest: without deleting, at most " + without
                        + " tokens fit.");
            }
            return;
        }
        if (needed <= caps.fastBytes()) {
            sentences.add("Nothing is deleted: there is room for everything.");
            return;
        }
        boolean any = false;
        for (Recomputation by : allowed) {
            if (by.savedBytes(bytes) > 0) {
                any = true;
                String price = "Deleting is refused: recomputing a token by " + name(by) + " costs "
                        + micros(recomputeNanos(by)) + " a step, reading it back " + micros(loadNanos());
                sentences.add(recomputeNanos(by) > loadNanos()
                        ? price + "."
                        : price + ", but a deleted one keeps " + size(by.fastBytes(bytes)) + " of the fast tier.");
            }
        }
        if (!any) {
            sentences.add(allowed.isEmpty()
                    ? SWITCHED_OFF
                    : "Nothing is deleted: no way of recomputation saves memory.");
        }
    }

    private double loadNanos() {
        return costs.loadNanos(expected.context(), 1);
    }

    private double recomputeNanos(Recomputation by) {
        return costs.recomputeNanos(by, expected.context(), MANY) / MANY;
    }

    private static String name(Recomputation by) {
        return by == Recomputation.REPLAY ? "replay" : "projection";
    }

    private static String size(double count) {
        return ByteSize.format(Math.round(count));
    }

    private static String micros(double nanos) {
        return nanos < 1e6
                ? String.format(Locale.ROOT, "%.2f us", nanos / 1e3)
                : String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
