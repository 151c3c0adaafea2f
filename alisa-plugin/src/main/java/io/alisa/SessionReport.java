package io.alisa;

/**
 * What one session holds and has done so far: a snapshot, immutable, safe to hand to any thread.
 *
 * @param id                    the session's identity, a UUID, unique in this process: not the id that was given to
 *                              {@code generate}, under which several models may have a session; {@link Alisa#save} and
 *                              {@link Alisa#pin} take it too, as long as the session's keys and values are there
 * @param model                 the model's family and shape in a few words
 * @param mode                  how this session keeps and attends its KV, for instance {@code exact F32}
 * @param closed                whether the session has ended; its bytes are then zero
 * @param tokens                tokens in the context
 * @param phase                 phase of the scheduler
 * @param fastBytes             bytes of KV and of everything kept beside it in the fast tier
 * @param slowBytes             bytes in the slow tier
 * @param hostEquivalentBytes   bytes the host's own cache would hold for these tokens
 * @param attendedTokensPerStep mean number of tokens a decode step attended, over all steps so far
 * @param deletedTokens         tokens whose KV is deleted at present
 * @param recomputedTokens      tokens whose KV was recomputed, in all
 * @param recalledTokens        tokens attended again after having been left out, in all
 * @param loadedBytes           bytes brought back from the slow tier, in all
 * @param stallNanos            time decoding waited for the slow tier, in nanoseconds, in all
 * @param keptMass              share of the attention's mass that fell on attended tokens: the mean of a sample; 1 where
 *                              everything is attended
 * @param pinnedTokens          tokens that are always attended and never deleted
 * @param reusedTokens          tokens that were not computed, for another session had them, in all
 * @param deviceBytes           bytes of a device's memory that hold copies of what is in the other tiers
 */
public record SessionReport(String id, String model, String mode, boolean closed, long tokens, Phase phase,
        long fastBytes, long slowBytes, long hostEquivalentBytes, double attendedTokensPerStep,
        long deletedTokens,
        long recomputedTokens, long recalledTokens, long loadedBytes, long stallNanos, double keptMass,
        long pinnedTokens, long reusedTokens, long deviceBytes) {
}
