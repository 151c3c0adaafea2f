package io.alisa.device;

/**
 * Copies of one session's sealed blocks in a device's memory, and attention over them.
 *
 * <p>Used by one thread at a time. Everything but {@link #finish} returns as soon as the device knows what to do; what is
 * asked for is done in that order. Whatever is asked, {@link DeviceLostException} may be the answer; only {@link #close}
 * makes sense then. Nothing here allocates but {@link #put}, and what is asked for a context or a batch larger than ever.
 */
public interface DeviceKv extends AutoCloseable {
    /**
     * Copies a block that is not there yet.
     *
     * @param address of the block in RAM; it is read before this returns
     * @return false where there is no room
     */
    boolean put(int layer, int block, long address);

    /** Gives up the blocks of a layer from one on. */
    void forget(int layer, int firstBlock);

    /**
     * Starts attention of the newest token over the blocks there are. What was started before and not
     * {@link #finish finished} is given up.
     *
     * @param blocks  only blocks below this are attended
     * @param queries a row per query head, see {@link DeviceShape}; read before this returns
     * @return false where there is no room for what it needs: nothing was started
     */
    boolean begin(int layer, int blocks, float[] queries);

    /**
     * As {@link #begin(int, int, float[])} over some tokens of the blocks only.
     *
     * @param selected per KV head a word for each block, in which bit {@code i} stands for token {@code i}
     */
    boolean begin(int layer, int blocks, float[] queries, long[][] selected);

    /**
     * Starts attention of {@code positions} tokens, all of which see all blocks there are below {@code blocks}.
     *
     * @param queries {@code positions} rows per query head
     */
    boolean beginBatch(int layer, int blocks, float[] queries, int positions);

    /**
     * Waits for what was started last: a running softmax for each row.
     *
     * @param max    the rows' largest scores; negative infinity where a row attended nothing
     * @param sum    sums of the weights {@code exp(score - max)}
     * @param values weighted sums of the values, {@code rowStride} apart; what is behind a head is anything finite
     */
    void finish(float[] max, float[] sum, float[] values);

    /** Bytes that it takes of the device's memory. */
    long bytes();

    /** Gives its memory back, as far as a lost device still can. Throws nothing. Idempotent. */
    @Override
    void close();
}
