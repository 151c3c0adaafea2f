package io.alisa.compat.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.alisa.compat.Operations;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;

/**
 * A context far larger than the fast tier: what is left of the speed that it has in RAM, and how a split that does not look
 * at what is attended does under the same cap (as FlexGen's, which brings in whatever is not in the fast tier, all of it,
 * each step), by the same kernels.
 */
final class TierBench {
    static final String MARK = "tier: ";
    /** So short a context that the weights take all the time. */
    private static final int FEW_TOKENS = 256;
    private static final int LAYERS = 4;
    /** Share of the host's F32 bytes that the fast tier may hold. */
    private static final double FAST_SHARE = 0.055;

    /** How long the context is, and what share of it is attended. */
    enum Context {
        USUAL("tiers", 32_768, 0.2, 3), //
        /** As many tokens attended as long contexts need; one round, for it takes minutes to fill. */
        LONG("longtiers", 262_144, 1.0 / 256, 1);

        /** What it is asked for by. */
        final String key;
        final int tokens;
        final double ratio;
        private final int rounds;

        Context(String key, int tokens, double ratio, int rounds) {
            this.key = key;
            this.tokens = tokens;
            this.ratio = ratio;
            this.rounds = Sizes.QUICK ? 1 : rounds;
        }

        long hostBytes() {
            return (long) tokens * LAYERS * 2 * 8 * 64 * Float.BYTES;
        }
    }

    /** Who decodes. */
    enum Kind {
        SPARSE_IN_RAM("sparse, all in RAM", true, false), //
        SPARSE_SPLIT("sparse, fast tier 5.5 %", true, true), //
        DENSE_IN_RAM("dense INT8, all in RAM", false, false), //
        DENSE_SPLIT("static split: dense INT8, fast tier 5.5 %", false, true);

        final String label;
        private final boolean sparse;
        private final boolean capped;

        Kind(String label, boolean sparse, boolean capped) {
            this.label = label;
            this.sparse = sparse;
            this.capped = capped;
        }

        List<String> settings(Context context) {
            List<String> settings = new ArrayList<>();
            settings.add("-Dalisa.memory.fast=" + (capped ? (long) (FAST_SHARE * context.hostBytes()) : "4g"));
            if (sparse) {
                settings.add("-Dalisa.sparse=true");
                settings.add("-Dalisa.sparse.caching-ratio=" + context.ratio);
            } else {
                settings.add("-Dalisa.kv.type=int8");
            }
            return settings;
        }
    }

    /** What a run printed. */
    record Outcome(double millis, long loaded, double stallMillis, long fast, long slow, String phase) {
    }

    private final ChildJvm child;
    private final Context context;

    TierBench(ChildJvm child, Context context) {
        this.child = child;
        this.context = context;
    }

    /** Four layers of Llama-3.2-1B and a quarter of its vocabulary. */
    static TinyModel model(int context) {
        return BenchModels.llama1b(LAYERS, 8192, context).vocab(128_256 / 4);
    }

    /** All of one kind of weights. */
    record Result(Operations operations, Map<Kind, Outcome> outcomes) {
    }

    /** By whichever operations of the host are the faster on this machine: the others would hide what attention takes. */
    Result run(WeightType weights) throws IOException, InterruptedException {
        Operations faster = Operations.PANAMA;
        double least = Double.POSITIVE_INFINITY;
        for (Operations operations : Operations.values()) {
            double millis = run(operations, Kind.DENSE_IN_RAM, weights, FEW_TOKENS).millis();
            System.out.println("== " + context.key + ": " + weights + ", " + operations + ", " + FEW_TOKENS
                    + " tokens: " + millis + " ms");
            if (millis < least) {
                least = millis;
                faster = operations;
            }
        }
        return new Result(faster, run(faster, weights));
    }

    /** The kinds take turns; of each the round with the median time. */
    private Map<Kind, Outcome> run(Operations operations, WeightType weights) throws IOException, InterruptedException {
        Map<Kind, List<Outcome>> all = new LinkedHashMap<>();
        for (int round = 0; round < context.rounds; round++) {
            for (Kind kind : Kind.values()) {
                System.out.println(
                        "== " + context.key + ": round " + (round + 1) + " of " + context.rounds + ", " + weights + ", "
                                + kind.label);
                all.computeIfAbsent(kind, k -> new ArrayList<>())
                        .add(run(operations, kind, weights, context.tokens));
            }
        }
        Map<Kind, Outcome> medians = new LinkedHashMap<>();
        all.forEach((kind, outcomes) -> {
            outcomes.sort(Comparator.comparingDouble(Outcome::millis));
            medians.put(kind, outcomes.get(outcomes.size() / 2));
        });
        return medians;
    }

    private Outcome run(Operations operations, Kind kind, WeightType weights, int tokens)
            throws IOException, InterruptedException {
        return parse(child.run(operations, kind.settings(context), TierRun.class, MARK,
                List.of(weights.name(), Integer.toString(tokens))).getLast());
    }

    private static Outcome parse(String... parts) {
        return new Outcome(Double.parseDouble(parts[0]), Long.parseLong(parts[1]), Double.parseDouble(parts[2]),
                Long.parseLong(parts[3]), Long.parseLong(parts[4]), parts[5]);
    }
}
