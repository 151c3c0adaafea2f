package io.alisa.host;

import io.alisa.cache.KvLayout;
import io.alisa.sparse.Policies;

/**
 * How much a new session may take over of what another one computed, so that it says what it would say had it computed
 * all by itself.
 *
 * <p>Exact: where the arithmetic of a token does not depend on the batch that it came in, whatever was computed counts, also
 * what the model said. Elsewhere only batches count that the session's own prefill would have cut just so: from the first
 * token on, whole batches of the host. Rounded to eight bits, other last bits do not show: whatever was attended densely
 * counts. What was decoded sparsely never does, for a prefill is dense. Policies that remember weights would have seen
 * others: they share nothing.
 *
 * @param mode     of the new session; that of the other is the same
 * @param batch    tokens of the batches the host cuts prompts into
 * @param anyBatch whether a token's last bits are the same in every batch
 * @param experts  whether more than last bits depend on the batch: the host has all tokens of one share the first one's expert
 */
public record PrefixRule(SessionMode mode, int batch, boolean anyBatch, boolean experts) {
    /** Whether sessions of this mode share anything. */
    public boolean shares() {
        String policy = mode.policy();
        return policy == null || !Policies.remembers(policy);
    }

    /**
     * How many of the first tokens can be taken over; not the prompt's last token, whose output is asked for. Whole blocks
     * but in exact mode, where one token less to compute is one less.
     *
     * @param common   tokens that both begin with
     * @param prompt   tokens of the new session's prompt
     * @param computed how the other computed its own
     */
    int reusable(int common, int prompt, BatchLog computed) {
        int most = Math.min(common, prompt - 1);
        if (!shares()) {
            return 0;
        }
        if (!mode.exact()) {
            int dense = Math.min(most, computed.sparseFrom());
            return blocks(experts ? wholeBatches(dense, computed) : dense);
        }
        return anyBatch ? most : wholeBatches(most, computed);
    }

    /** As many of the tokens that can be taken over as another session can share. */
    int blocks(int tokens) {
        return tokens / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS;
    }

    private int wholeBatches(int most, BatchLog computed) {
        int whole = 0;
        int reusable = 0;
        while (whole + batch <= most && computed.isBatch(whole, whole + batch)) {
            whole += batch;
            reusable = whole % KvLayout.BLOCK_TOKENS == 0 ? whole : reusable;
        }
        return reusable;
    }
}
