package io.alisa.compat.tiny;

/**
 * The shape of one tiny model.
 *
 * <p>{@code layers * kvHeads * headSize} decides how the host pages its KV: with a context of 4,096 and F32, from 256
 * upwards it makes pages of up to 8 MiB; below that its page size calculation ends at one file per layer and token.
 * Both occur in the tests.
 *
 * @param family   decoder family
 * @param hidden   embedding length
 * @param heads    query heads
 * @param kvHeads  key/value heads; fewer than {@code heads} makes it grouped
 * @param headSize size of a head; only Mistral, Gemma 2 let it differ from {@code hidden / heads}
 * @param mlp      inner length of the feed-forward network (GPT-2: always four times {@code hidden})
 * @param layers   transformer blocks
 * @param vocab    vocabulary size
 * @param context  longest context
 * @param weights  how the weights are stored
 * @param seed     of the random weights
 */
public record TinyModel(Family family, int hidden, int heads, int kvHeads, int headSize, int mlp, int layers,
        int vocab, int context, WeightType weights, long seed) {

    /** Two layers, 128 wide, four heads of 32, not grouped. */
    public static TinyModel of(Family family) {
        return new TinyModel(family, 128, 4, 4, 32, 256, 2, 384, 4096, WeightType.F32,
                family.modelType().hashCode());
    }

    /** The attention's shape; the embedding is as long as all heads together unless {@link #hidden} says otherwise. */
    public TinyModel heads(int newHeads, int newKvHeads, int newHeadSize) {
        return new TinyModel(family, newHeads * newHeadSize, newHeads, newKvHeads, newHeadSize, mlp, layers,
                vocab,
                context, weights, seed);
    }

    public TinyModel hidden(int newHidden) {
        return new TinyModel(family, newHidden, heads, kvHeads, headSize, mlp, layers, vocab, context,
                weights, seed);
    }

    public TinyModel mlp(int newMlp) {
        return new TinyModel(family, hidden, heads, kvHeads, headSize, newMlp, layers, vocab, context,
                weights, seed);
    }

    public TinyModel layers(int newLayers) {
        return new TinyModel(family, hidden, heads, kvHeads, headSize, mlp, newLayers, vocab, context,
                weights, seed);
    }

    public TinyModel vocab(int newVocab) {
        return new TinyModel(family, hidden, heads, kvHeads, headSize, mlp, layers, newVocab, context,
                weights, seed);
    }

    public TinyModel context(int newContext) {
        return new TinyModel(family, hidden, heads, kvHeads, headSize, mlp, layers, vocab, newContext,
                weights, seed);
    }

    public TinyModel weights(WeightType newWeights) {
        return new TinyModel(family, hidden, heads, kvHeads, headSize, mlp, layers, vocab, context,
                newWeights, seed);
    }

    public TinyModel seed(long newSeed) {
        return new TinyModel(family, hidden, heads, kvHeads, headSize, mlp, layers, vocab, context, weights,
                newSeed);
    }

    /** Length of a query: all heads together. */
    int attentionLength() {
        return heads * headSize;
    }

    /** Length of a key or a value of one token. */
    int kvLength() {
        return kvHeads * headSize;
    }

    /** A directory name that says what is inside. */
    public String directoryName() {
        return "%s-%dx%d-h%dof%d-kv%d-mlp%d-v%d-c%d-%s-s%d".formatted(family.modelType(), layers, hidden,
                heads,
                headSize, kvHeads, mlp, vocab, context, weights, seed);
    }
}
