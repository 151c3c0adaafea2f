package io.alisa.host;

import org.jspecify.annotations.Nullable;

/** Called with the token ids that enter a model: deleted keys and values can be computed
 * again from them, and those that are there already need not be. */
public interface TokenHook {
    /**
     * Ids of a prompt, before its first batch.
     *
     * @return the output of its last batch; null: the host computes the prompt itself
     */
    @Nullable
    Object prompt(Object model, int[] tokens, int startPosition, Object kvBuffer, Object reducer);

    /** The id of one token to decode. */
    void token(Object model, int token, int position, Object kvBuffer, Object reducer);

    /** A prompt is being built with a system message. */
    void systemMessage(Object prompt, Object text);

    /** A prompt is being built with something that was answered before, be it the call of a tool. */
    void assistantMessage(Object prompt, Object answer);

    /** A prompt was built. */
    void built(Object prompt, Object context);

    /** A text is about to become token ids, which a prompt of this thread may be made of. */
    void encode(Object tokenizer, Object text);

    /** The id that was chosen after a step, by the thread that did the step. */
    void sampled(Object model, int token);
}
