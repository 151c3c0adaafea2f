package io.alisa.host;

/** Called with the token ids that enter a model: deleted keys and values can be computed again from them. */
public interface TokenHook {
    /** Ids of a prompt, before its first batch. */
    void prompt(Object model, int[] tokens, int startPosition, Object kvBuffer, Object reducer);

    /** The id of one token to decode. */
    void token(Object model, int token, int position, Object kvBuffer, Object reducer);
}
