package io.alisa.host;

import io.alisa.cache.KvFormat;

/**
 * What the plugin needs to know of a model, host-neutral.
 *
 * @param family        for instance {@code LLAMA}
 * @param layers        layers kept here (a layer-split model keeps a part)
 * @param contextLength most tokens of a session
 * @param hidden        width of the hidden state
 * @param firstKvHead   first KV head kept here (a head-split model keeps a part)
 * @param kvHeads       KV heads kept here
 * @param groupSize     query heads per KV head
 * @param firstHead     first query head attended here
 * @param endHead       query head behind the last one attended here
 * @param headSize      channels of a head
 * @param format        the host's KV type
 * @param scale         factor on a score before the softmax
 * @param softCap       cap on scores; 0: none
 * @param hostRowBytes  bytes of one token's keys in one layer in the host's own cache
 */
public record ModelShape(String family, int layers, int contextLength, int hidden, int firstKvHead,
        int kvHeads,
        int groupSize, int firstHead, int endHead, int headSize, KvFormat format, float scale, float softCap,
        long hostRowBytes) {
    /** In a few words. */
    public String describe() {
        return family + ", " + layers + " layers, " + kvHeads * groupSize + " heads, " + kvHeads
                + " KV heads of " + headSize;
    }

    /** Bytes the host's own cache holds for {@code tokens}. */
    public long hostBytes(long tokens) {
        return 2L * layers * hostRowBytes * tokens;
    }
}
