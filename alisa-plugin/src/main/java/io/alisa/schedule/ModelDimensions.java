package io.alisa.schedule;

/**
 * What bytes and times follow from.
 *
 * @param layers     layers kept here
 * @param heads      query heads
 * @param kvHeads    KV heads; fewer than {@code heads} where heads are grouped (GQA)
 * @param headSize   channels of a head
 * @param hidden     width of the hidden state
 * @param parameters weights that one token's forward pass multiplies by (of experts only those in use)
 */
public record ModelDimensions(int layers, int heads, int kvHeads, int headSize, int hidden, long parameters) {
    public ModelDimensions {
        if (layers < 1 || heads < 1 || kvHeads < 1 || headSize < 1 || hidden < 1 || parameters < 1) {
            throw new IllegalArgumentException("Not a model: " + layers + " layers, " + heads + " heads, " + kvHeads
                    + " KV heads of " + headSize + ", " + hidden + " wide, " + parameters + " parameters");
        }
    }

    /** Whether query heads share KV heads. */
    public boolean grouped() {
        return kvHeads < heads;
    }

    /** Values of a token's key (or value) in a layer: h_kv. */
    public int kvWidth() {
        return kvHeads * headSize;
    }
}
