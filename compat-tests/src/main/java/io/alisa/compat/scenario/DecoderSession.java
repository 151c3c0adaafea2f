package io.alisa.compat.scenario;

/** One conversation with a {@link Decoder}. Closing it closes its buffers. */
interface DecoderSession extends AutoCloseable {

    /** Feeds tokens in batches, then says the next token; its raw logits go to {@code logits}. */
    int prefill(int[] tokens, int start, float[] logits);

    /** Feeds one token, then says the next. */
    int decode(int token, int position, float[] logits);

    /** How many KvBuffers the session has: as many as there are model objects. */
    int buffers();

    @Override
    void close();
}
