package io.alisa.host;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.LinkedHashMap;
import java.util.Map;

import io.alisa.cache.Growth;
import io.alisa.cache.KvFormat;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.schedule.AccessPattern;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.KvPrecision;
import io.alisa.schedule.ModelDimensions;
import io.alisa.sparse.Budget;
import io.alisa.sparse.Policies;
import org.jspecify.annotations.Nullable;

/**
 * How a session keeps and attends its KV, decided when it opens.
 *
 * @param format how keys and values are kept
 * @param exact  whether the session says what the host alone would have said
 * @param policy which tokens are attended; null: all of them
 * @param budget how many are; all of them without a policy, whatever is given
 */
public record SessionMode(KvFormat format, boolean exact, @Nullable String policy, Budget budget) {
    private static final Budget ALL = new Budget(1, 0);

    /** Modes that attend alike are equal: such sessions may go on from each other's KV. */
    public SessionMode {
        budget = policy == null ? ALL : budget;
    }

    /**
     * The mode asked for.
     *
     * @param hostFormat the host's KV type. BF16 is kept as it is in exact mode only: there the host's own operations
     *                   read it; otherwise it becomes F32.
     */
    public static SessionMode of(Configuration configuration, KvFormat hostFormat) {
        double ratio = Double.parseDouble(configuration.text(Setting.CACHING_RATIO));
        if (configuration.flag(Setting.SPARSE)) {
            return sparse(configuration, ratio);
        }
        boolean int8 = configuration.text(Setting.KV_TYPE).equals("int8");
        return new SessionMode(int8 ? KvFormat.INT8 : hostFormat, !int8, null, budget(configuration, ratio));
    }

    /** A sparse mode by the settings, whether they ask for one or not, but for the share of the tokens that is attended. */
    public static SessionMode sparse(Configuration configuration, double ratio) {
        boolean floats = configuration.text(Setting.KV_TYPE).equals("host");
        return new SessionMode(floats ? KvFormat.F32 : KvFormat.INT8, false, configuration.text(Setting.SPARSE_POLICY),
                budget(configuration, ratio));
    }

    private static Budget budget(Configuration configuration, double ratio) {
        return new Budget(ratio, Integer.parseInt(configuration.text(Setting.MIN_CONTEXT)));
    }

    /** In texts, for a session that is saved; the format is not among them. */
    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>(Map.of("exact", Boolean.toString(exact)));
        if (policy != null) {
            texts.put("policy", policy);
            texts.put("caching-ratio", Double.toString(budget.ratio()));
            texts.put("min-context", Integer.toString(budget.minContext()));
        }
        return texts;
    }

    /**
     * The mode of a saved session.
     *
     * @throws IllegalArgumentException with the end of a sentence where there is no such mode
     */
    static SessionMode of(Map<String, String> texts, KvFormat format, KvFormat hostFormat) {
        boolean exact = "true".equals(texts.get("exact"));
        String policy = texts.get("policy");
        boolean known = exact
                ? policy == null && format == hostFormat
                : policy == null ? format == KvFormat.INT8 : format != KvFormat.BF16 && Policies.isPolicy(policy);
        if (!known) {
            throw new IllegalArgumentException("it attends in a way that this plugin or this model does not know");
        }
        try {
            Budget budget = policy == null
                    ? ALL
                    : new Budget(Double.parseDouble(texts.getOrDefault("caching-ratio", "")),
                            Integer.parseInt(texts.getOrDefault("min-context", "")));
            return new SessionMode(format, exact, policy, budget);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("its caching ratio or its least context is no such number", e);
        }
    }

    /** Says what the host alone would have said. */
    public static SessionMode exact(KvFormat hostFormat) {
        return new SessionMode(hostFormat, true, null, ALL);
    }

    /** Whether full blocks are digested, for the policy to choose by. */
    boolean isDigested() {
        return policy != null && Policies.needsDigests(policy);
    }

    /** Bytes of a session of this mode; two bytes a value are not among what the schedule is asked for. */
    public ByteModel bytes(ModelDimensions model) {
        ByteModel blocks = ByteModel.ofSession(model, format == KvFormat.INT8 ? KvPrecision.INT8 : KvPrecision.F32,
                isDigested());
        return policy == null ? blocks : blocks.withHeap(remembered(policy, model));
    }

    /** What a policy remembers of a token, beside which the rest on the heap is little. */
    private static double remembered(String policy, ModelDimensions model) {
        return Growth.MOST * model.layers() * Policies.heapBytesPerToken(policy, model.kvHeads());
    }

    /** Which tokens a step of this mode attends. */
    public AccessPattern access() {
        return AccessPattern.ofSession(policy == null ? 1 : budget.ratio(), budget.minContext());
    }

    /** For instance {@code exact F32}, {@code dense INT8} or {@code sparse swa 20 % INT8}. */
    public String describe() {
        if (exact) {
            return "exact " + format;
        }
        if (policy == null) {
            return "dense " + format;
        }
        String percent = BigDecimal.valueOf(budget.ratio() * 100).round(new MathContext(3)).stripTrailingZeros()
                .toPlainString();
        return "sparse " + policy + " " + percent + " % " + format;
    }
}
