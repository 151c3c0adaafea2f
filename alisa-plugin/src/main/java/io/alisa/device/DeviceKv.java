package io.alisa.device;

/**
 * Copies of one session's sealed blocks in a device's memory, and attention over them.
 *
 * <p>Used by one thread at a time. Everything but {@link #finish} returns as soon as the device knows what to do; what is
 * asked for is done in that order. Whatever is asked, {@link DeviceLostException} may be the answer; only {@link #close}
 * makes sense then. Nothing here allocates but what copies blocks, and what is asked for a context or a batch larger than ever.
 */
public interface DeviceKv extends AutoCloseable {
    /**
     * Takes what it needs in any case: before anything else is asked. Where that can't be had it has taken nothing, and may be
     * opened later.
     */
    Placement open();

    /**
     * Makes a place for a block that is not there yet. It is copied by the next {@link #upload}.
     *
     * @param address of the block in RAM
     * @param sketch  address of its sketch there; 0: there is none
     */
    Placement put(int layer, int block, long address, long sketch);

    /**
     * Likewise the means of 64 blocks, which may be there: then they are copied again, for more of them are known.
     *
     * @param index   of the first block they are of, divided by 64
     * @param address of an INT8 block in RAM, whose token {@code i} is the mean of block {@code 64 * index + i}
     */
    Placement putMeans(int layer, int index, long address);

    /** Copies what was put into a layer. RAM is read before this returns or, where it is pinned, before {@link #settle} does. */
    void upload(int layer);

    /** Waits until RAM has been read for all that was uploaded. Throws nothing: a lost device reads no more. */
    void settle();

    /** Gives up the blocks of a layer from one on. What they were copied from has been read then. */
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
     * As {@link #begin(int, int, float[], long[][])} over the tokens that the device selects, and over an estimate of those
     * that it does not. All the blocks are there, with sketches and means. The selected tokens behind them are for the
     * caller to attend.
     */
    boolean begin(int layer, int blocks, float[] queries, TokenChoice choice);

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

    /**
     * What the device selected, after {@link #finish} of what {@link #begin(int, int, float[], TokenChoice)} started.
     *
     * @param selected per KV head filled with a word for each block of the context
     */
    void selected(long[][] selected);

    /**
     * Gives up the memory that batches and selections take, pinned memory of this machine, too. Who asks for one again takes
     * it again, where there is room. What was started and not finished is given up.
     */
    void rest();

    /** Bytes that it takes of the device's memory. */
    long bytes();

    /** Gives its memory back, as far as a lost device still can, and reads no more. Throws nothing. Idempotent. */
    @Override
    void close();
}
