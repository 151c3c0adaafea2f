package io.alisa.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

import io.alisa.memory.OffHeap;
import io.alisa.save.SessionWriter;
import io.alisa.save.TensorType;
import io.alisa.tier.DamagedPieceException;

/**
 * Writes a session's keys and values to a file, from whatever tier they are in, and says how they look there. Used under
 * the session's lock, between steps. What was said and taken back before does not go there: behind the last token the newest
 * block is zero.
 */
public final class KvExport {
    private final KvSession session;
    private final KvLayout layout;
    private final int tokens;

    /**
     * @param tokens that the session counts
     * @throws IllegalStateException with a sentence for the user where the session can't be written as it is
     */
    public KvExport(KvSession session, int tokens) {
        this.session = session;
        this.layout = session.layout();
        this.tokens = tokens;
        for (int i = 0; i < session.layerCount(); i++) {
            if (session.layer(i).tokens() != tokens || tokens == 0) {
                throw midway();
            }
        }
    }

    /** Says that a session does not hold all that it should. */
    public static IllegalStateException midway() {
        return new IllegalStateException(
                "The session is in the middle of a step, or its last one failed; go on with it and save it then");
    }

    /** The type of a block's elements in a file. */
    public static TensorType type(KvLayout layout) {
        return switch (layout.format()) {
            case F32 -> TensorType.F32;
            case BF16 -> TensorType.BF16;
            case INT8 -> TensorType.I8;
        };
    }

    /** Shape of a block in a file: KV heads and what each has, or keys and values, tokens and channels. */
    public static List<Long> shape(KvLayout layout) {
        return layout.format() == KvFormat.BF16
                ? List.of(2L, (long) KvLayout.BLOCK_TOKENS, (long) layout.kvHeads() * layout.headSize())
                : List.of((long) layout.kvHeads(), layout.headBytes() / layout.format().bytes());
    }

    /** Shape of the newest block in floats; empty where a layer has none. */
    public static List<Long> recentShape(KvLayout layout) {
        return layout.format() == KvFormat.INT8
                ? shape(new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize()))
                : List.of();
    }

    /** Writes the newest blocks in floats. */
    public void writeRecent(SessionWriter to) throws IOException {
        KvLayout floats = new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize());
        for (int i = 0; i < session.layerCount() && layout.format() == KvFormat.INT8; i++) {
            long address = session.layer(i).recentBlock();
            // A session that has only taken blocks over has no floats: zeros say so, see KvImport.
            to.write(address == 0
                    ? ByteBuffer.allocate(Math.toIntExact(floats.blockBytes()))
                    : UnusedRows.cleared(floats, address, newestTokens()));
        }
    }

    /**
     * Writes all blocks, layer after layer: so do deleted ones come back, which are computed again here.
     *
     * @throws IllegalStateException where something is deleted and nobody can compute it at present
     */
    public void writeBlocks(SessionWriter to) throws IOException {
        HeadReader reader = session.headReader();
        try {
            for (int i = 0; i < session.layerCount(); i++) {
                writeBlocks(session.layer(i), reader, to);
            }
        } catch (DamagedPieceException e) {
            throw new IOException(e.getMessage() + ", so the session can't be saved: go on with it, for that may"
                    + " compute it again, and save it then; or begin a new one", e);
        }
    }

    private void writeBlocks(KvLayer layer, HeadReader reader, SessionWriter to) throws IOException {
        layer.pinForExport();
        try {
            layer.recall();
            for (int block = 0; block < KvLayout.blocks(tokens); block++) {
                to.block(block, layer.index());
                write(layer, block, reader, to);
            }
        } finally {
            layer.unpin();
        }
    }

    /** Tokens of the newest block. */
    private int newestTokens() {
        return (tokens - 1) % KvLayout.BLOCK_TOKENS + 1;
    }

    private void write(KvLayer layer, int block, HeadReader reader, SessionWriter to) throws IOException {
        if (layer.isResident(block)) {
            to.write(block == KvLayout.blocks(tokens) - 1 // as long as it is not full it is in RAM
                    ? UnusedRows.cleared(layout, layer.block(block), newestTokens())
                    : OffHeap.bytes(layer.block(block), layout.blockBytes()));
            return;
        }
        for (int head = 0; head < layout.kvHeads(); head++) {
            to.write(reader.read(layer, block, head));
        }
    }
}
