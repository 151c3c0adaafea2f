package io.alisa.sparse;

/** How much a policy remembers at most, which is how much of it a saved session may hold. */
public final class PolicyMemory {
    private PolicyMemory() {
    }

    /** Rows of a layer, each as long as the context at most, see {@link TokenSelector#memory}. */
    public static int mostRows(String policy, int kvHeads) {
        return switch (policy) {
            case "swa-paper" -> PaperSelector.MOST_ROWS;
            case "h2o" -> kvHeads;
            default -> 0;
        };
    }
}
