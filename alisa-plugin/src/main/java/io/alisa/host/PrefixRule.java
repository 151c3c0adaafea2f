package io.alisa.host;

import io.alisa.cache.KvLayout;
import io.alisa.sparse.Policies;

/**
 * How much a new session may take over of what another one computed, so that it says what it would say had it computed
 * all by itself.
 *
 * <p>Exact: the host's arithmetic, and ours for floats, may give other last bits to a token that came in another batch.
 * So only batches count that the session's own prefill would have cut just so: from the first token on, whole batches of
 * the host. Rounded to eight bits, that does not show: whatever was attended densely counts, also what the model said.
 * What was decoded sparsely never does, for a prefill is dense. Policies that remember weights would have seen others:
 * they share nothing.
 *
 * @param mode  of the new session; that of the other is the same
 * @param batch tokens of the batches the host cuts prompts into
 */
public record PrefixRule(SessionMode mode, int batch) {
    /** Whether sessions of this mode share anything. */
    public boolean shares() {
        String policy = mode.policy();
        return policy == null || !Policies.remembers(policy);
    }

    /**
     * How many of the first tokens can be taken over: whole blocks, and not the prompt's last token, whose output is asked
     * for.
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
            return blocks(Math.min(most, computed.sparseFrom()));
        }
        int whole = 0;
        int reusable = 0;
        while (whole + batch <= most && computed.isBatch(whole, whole + batch)) {
            whole += batch;
            reusable = whole % KvLayout.BLOCK_TOKENS == 0 ? whole : reusable;
        }
        return reusable;
    }

    private static int blocks(int tokens) {
        return tokens / KvLayout.BLOCK_TOKENS * KvLayout.BLOCK_TOKENS;
    }
}
