package io.alisa.cache;

/**
 * Tokens that came in one batch, which begins with a block. Run again as the same batch, they come out the same bit for bit.
 * The ids are kept here because the host may go back and say something else after a part of them.
 */
final class PromptBatch {
    private final int start;
    private final int[] tokens;
    private int limit;

    PromptBatch(int start, int[] tokens) {
        this.start = start;
        this.tokens = tokens;
        this.limit = start + tokens.length;
    }

    int start() {
        return start;
    }

    int[] tokens() {
        return tokens;
    }

    int end() {
        return start + tokens.length;
    }

    /** Blocks that the batch reaches. */
    int blocks() {
        return KvLayout.blocks(tokens.length);
    }

    /** Behind the last token that is still this batch's. */
    int limit() {
        return limit;
    }

    int firstBlock() {
        return start / KvLayout.BLOCK_TOKENS;
    }

    /** Behind the last block that holds nothing but tokens of this batch. */
    int endBlock() {
        return limit / KvLayout.BLOCK_TOKENS;
    }

    /** Whether the whole block can be computed by this batch. */
    boolean covers(int block) {
        return block >= firstBlock() && block < endBlock();
    }

    /** Says that from a position on there are other tokens now. */
    void cut(int position) {
        limit = Math.min(limit, position);
    }
}
