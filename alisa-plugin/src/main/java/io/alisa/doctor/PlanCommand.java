package io.alisa.doctor;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.alisa.Phase;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.Caps;
import io.alisa.schedule.CostModel;
import io.alisa.schedule.ModelDimensions;
import io.alisa.schedule.Plan;
import io.alisa.schedule.Planner;
import io.alisa.schedule.ProfileStore;
import io.alisa.schedule.Recomputation;
import io.alisa.tier.Machine;
import io.alisa.tier.PrivateFile;
import io.alisa.tier.SlowDirectory;
import io.alisa.units.ByteSize;

/** {@code plan}: what the scheduler would do with a model on this machine, why, and what it predicts. */
final class PlanCommand {
    private final PlanArguments arguments;
    private final Machine machine = Machine.ofProcess();
    private final ModelFiles model;
    /** Whether there is anything to plan: floats stay in RAM. */
    private final boolean movable;
    private final Caps caps;
    private final ProfileStore.Found profile;
    private final CostModel costs;
    private final Plan plan;

    /** Throws {@link IllegalArgumentException} with a sentence for the user. */
    PlanCommand(PlanArguments arguments, Configuration configuration, ProfileStore store) {
        this.arguments = arguments;
        this.model = ModelFiles.read(arguments.model());
        ByteModel bytes = arguments.mode().bytes(model.dimensions());
        this.movable = bytes.precision().isMovable();
        this.caps = caps(configuration);
        this.profile = store.load();
        this.costs = new CostModel(bytes, profile.orAssumed(), arguments.mode().access(), model.weightBytes());
        Set<Recomputation> allowed = movable && arguments.recompute()
                ? EnumSet.of(Recomputation.REPLAY)
                : EnumSet.noneOf(Recomputation.class);
        this.plan = new Planner(costs, caps, arguments.expected(), allowed).plan();
    }

    private Caps caps(Configuration configuration) {
        Long fast = arguments.fast();
        long fastBytes = fast == null ? Caps.fastByDefault(machine.usable(), machine.heap()) : fast;
        Long slow = movable ? arguments.slow() : Long.valueOf(0);
        if (slow != null) {
            return new Caps(fastBytes, slow);
        }
        String configured = configuration.text(Setting.SLOW_DIR);
        try {
            SlowDirectory directory = SlowDirectory.of(PrivateFile.directory(configured));
            return new Caps(fastBytes, Caps.slowByDefault(fastBytes, directory.freeDiskBytes()));
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException("The slow tier's directory '" + configured + "' can't be looked at ("
                    + e + "): set " + Setting.SLOW_DIR.key() + " to another, or give --slow", e);
        }
    }

    /** Prints the plan; returns the exit code: 1 where the context does not fit. */
    int print(PrintStream out) {
        head(out);
        if (plan.fits()) {
            phases(out);
            charts(out);
        }
        out.println();
        plan.reasons().forEach(reason -> out.println("- " + reason));
        if (!plan.fits() && !movable) {
            out.println("- With alisa.sparse=true or alisa.kv.type=int8 it would go on in a file: plan that with"
                    + " --sparse 0.2 or --dense.");
        }
        return plan.fits() ? 0 : 1;
    }

    private void head(PrintStream out) {
        ModelDimensions m = model.dimensions();
        ByteModel bytes = costs.bytes();
        int context = arguments.expected().context();
        line(out, "model",
                String.format(Locale.ROOT,
                        "%d layers, %d heads, %d KV heads of %d, %d wide, %.0f million parameters",
                        m.layers(),
                        m.heads(), m.kvHeads(), m.headSize(), m.hidden(), m.parameters() / 1e6));
        line(out, "context",
                String.format(Locale.ROOT, "%d tokens, of which %d are the prompt%s", context,
                        arguments.expected().prompt(),
                        model.contextLimit() > 0 && context > model.contextLimit()
                                ? "; more than the model's " + model.contextLimit()
                                : ""));
        line(out, "KV",
                String.format(Locale.ROOT, "%s, %s a token (the host's F32: %s)%s", arguments.mode().describe(),
                        ByteSize.format(bytes.rowBytes()),
                        ByteSize.format(bytes.hostBytes(1, Float.BYTES)), bytes.digested()
                                ? String.format(Locale.ROOT, ", digests %s a token",
                                        ByteSize.format(Math.round(bytes.digestTokenBytes())))
                                : ""));
        String beside = arguments.fast() == null
                ? " (auto, beside a heap of up to " + ByteSize.format(machine.heap()) + ")"
                : "";
        line(out, "caps", String.format(Locale.ROOT, "fast %s%s, slow %s", ByteSize.format(caps.fastBytes()), beside,
                ByteSize.format(caps.slowBytes())));
        line(out, "costs", String.format(Locale.ROOT, "%s%s",
                profile.profile() == null ? "assumed, not measured: " : "", profile.reason()));
    }

    private void phases(PrintStream out) {
        out.println();
        line(out, "prompt",
                String.format(Locale.ROOT, "about %.1f s", costs.prefillNanos(arguments.expected().prompt()) / 1e9));
        for (Phase phase : Phase.values()) {
            double steps = plan.times().steps(phase);
            line(out, "phase " + phase, steps == 0
                    ? "no step"
                    : String.format(Locale.ROOT, "%.0f steps, %.1f s, %.2f ms per token", steps,
                            plan.times().nanos(phase) / 1e9, plan.times().nanos(phase) / steps / 1e6));
        }
        line(out, "together",
                String.format(Locale.ROOT, "%.1f s: computing %.1f, moving %.1f, recomputing %.1f",
                        plan.times().totalNanos() / 1e9,
                        plan.computeNanos() / 1e9, plan.transferNanos() / 1e9, plan.recomputeNanos() / 1e9));
        line(out, "numbers",
                String.format(Locale.ROOT, "offload ratio %.2f from token %s on, delete ratio %.2f from token %s on",
                        plan.split().offloadRatio(), point(plan.split().offloadFrom()),
                        plan.recomputation() == null ? 0 : plan.split().deleteRatio(),
                        point(plan.recomputation() == null ? Integer.MAX_VALUE : plan.split().deleteFrom())));
    }

    private static String point(int tokens) {
        return tokens == Integer.MAX_VALUE ? "-" : String.valueOf(tokens);
    }

    private void charts(PrintStream out) {
        int context = arguments.expected().context();
        ByteModel bytes = costs.bytes();
        out.println();
        new TextChart("Bytes of KV by tier", 0, context, value -> ByteSize.format(Math.round(value)))
                .part('#', "fast", n -> plan.fastBytes(bytes, n)).part('o', "slow", n -> plan.slowBytes(bytes, n))
                .part('.', "deleted", n -> plan.split().deleted(n) * bytes.rowBytes()).lines().forEach(out::println);
        out.println();
        new TextChart("Predicted time per token", arguments.expected().prompt(), context,
                value -> String.format(Locale.ROOT, "%.2f ms", value))
                .part('#', "computing", n -> costs.computeNanos(n) / 1e6)
                .part('o', "reading the slow tier", n -> costs.loadNanos(n, plan.split().slow(n)) / 1e6)
                .part('x', "recomputing", n -> plan.recomputeNanos(costs, n) / 1e6)
                .lines().forEach(out::println);
    }

    private static void line(PrintStream out, String subject, String text) {
        out.println(String.format(Locale.ROOT, "%-10s ", subject) + text);
    }
}
