package io.alisa.sparse;

import java.util.Set;

import io.alisa.attention.AttentionShape;

/** The policies by the names that users know them by. */
public final class Policies {
    private static final Set<String> NAMES = Set.of("swa", "swa-paper", "h2o", "streaming-llm", "local", "strided",
            "dense");

    private Policies() {
    }

    /** Whether there is a policy of that name. */
    public static boolean isPolicy(String name) {
        return NAMES.contains(name);
    }

    /** Whether a policy chooses by {@link io.alisa.cache.KvDigest digests}. */
    public static boolean needsDigests(String policy) {
        return policy.equals("swa");
    }

    /** Whether what a policy chooses depends on the attention weights of earlier steps. */
    public static boolean remembers(String policy) {
        return policy.equals("swa-paper") || policy.equals("h2o");
    }

    /** What the selector of one layer holds on the heap for each token of the context. */
    public static int heapBytesPerToken(String policy, int kvHeads) {
        return switch (policy) {
            case "swa-paper" -> PaperSelector.HEAP_BYTES_PER_TOKEN;
            case "h2o" -> H2oSelector.heapBytesPerToken(kvHeads);
            default -> 0;
        };
    }

    /**
     * How many rows a policy remembers of a layer at most, each as long as the context at most: that much of it may a saved
     * session hold, see {@link TokenSelector#memory}.
     */
    public static int mostRows(String policy, int kvHeads) {
        return switch (policy) {
            case "swa-paper" -> PaperSelector.MOST_ROWS;
            case "h2o" -> kvHeads;
            default -> 0;
        };
    }

    /**
     * Makes the selector of one layer of one session, for policies that need no digests.
     *
     * @param policy value of the setting {@code alisa.sparse.policy}
     * @param budget the same for whatever policy
     * @param shape  of the layer
     */
    public static TokenSelector selector(String policy, Budget budget, AttentionShape shape) {
        return switch (policy) {
            case "swa-paper" -> new PaperSelector(budget);
            case "h2o" -> new H2oSelector(budget, shape.kvHeads());
            case "streaming-llm" -> new StreamingSelector(budget);
            case "local" -> new LocalSelector(budget);
            case "strided" -> new StridedSelector(budget);
            case "dense" -> new DenseSelector();
            default -> throw new IllegalArgumentException("There is no policy '" + policy
                    + "'; choose one of swa, swa-paper, h2o, streaming-llm, local, strided, dense");
        };
    }
}
