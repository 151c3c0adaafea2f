package io.alisa.tier;

import org.jspecify.annotations.Nullable;

/** Blocks of the slow tier did not come back as they were written. They must be recomputed, never used. */
public final class DamagedPieceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int layer;
    private final int block;
    private final int count;

    DamagedPieceException(int layer, int block, int count, String what, @Nullable Throwable cause) {
        super("Block " + block + " of layer " + layer + " in the slow tier " + what, cause);
        this.layer = layer;
        this.block = block;
        this.count = count;
    }

    /** Whether they could not be read at all, rather than came back changed. */
    public boolean isUnread() {
        return getCause() != null;
    }

    public int layer() {
        return layer;
    }

    /** The first damaged block. */
    public int block() {
        return block;
    }

    /** Damaged blocks from that one on. */
    public int count() {
        return count;
    }
}
