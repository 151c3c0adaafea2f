package io.alisa.cache;

import java.io.IOException;
import java.util.function.Consumer;

import io.alisa.memory.OffHeap;
import io.alisa.save.SessionManifest;
import io.alisa.save.SessionReader;

/**
 * Fills a fresh session from a file. It grows as it did when its tokens came first, block by block through all layers, so
 * every cap holds as it does then: what RAM has no room for goes on to the slow tier, and of the batches that the session
 * {@link KvSession#notePrompt knows} some are deleted where there is none in either. Where that fails the caller closes the
 * session, and nothing is left of it.
 *
 * <p>Blocks are read by position, each into the memory where it stays, and checked there. Mapping the file and copying from
 * it was measured beside that and takes the same time within a hundredth, for both copy once: blocks must lie under the caps
 * and outlive the file. But a mapped file that somebody shortens meanwhile raises a fault where it is touched, and a read
 * says so.
 */
public final class KvImport {
    private final KvSession session;
    private final KvLayout layout;
    private final SessionReader from;
    private final SessionManifest manifest;

    /** @throws IllegalArgumentException with the end of a sentence where the file is not of a session like this one */
    public KvImport(KvSession session, SessionReader from) {
        this.session = session;
        this.layout = session.layout();
        this.from = from;
        this.manifest = from.manifest();
        check(manifest, layout, session.layerCount());
    }

    /** Throws {@link IllegalArgumentException}, with the end of a sentence, where the file is of no session with this layout. */
    public static void check(SessionManifest manifest, KvLayout layout, int layers) {
        if (!manifest.codec().equals(layout.format().name()) || manifest.kvType() != KvExport.type(layout)
                || manifest.layers() != layers || !manifest.blockShape().equals(KvExport.shape(layout))
                || !manifest.recentShape().equals(KvExport.recentShape(layout))) {
            throw new IllegalArgumentException("its keys and values are laid out otherwise");
        }
    }

    /**
     * Fills the session.
     *
     * @param afterEach called under the lock for each layer after each block
     */
    public void run(Consumer<KvLayer> afterEach) throws IOException {
        int blocks = manifest.blocks();
        for (int block = 0; block < blocks; block++) {
            int start = block * KvLayout.BLOCK_TOKENS;
            int end = Math.min(manifest.tokens(), start + KvLayout.BLOCK_TOKENS);
            session.claimShare(end - start);
            session.lock().lock();
            try {
                for (int i = 0; i < session.layerCount(); i++) {
                    fill(session.layer(i), block, end, block == blocks - 1);
                    afterEach.accept(session.layer(i));
                    session.layer(i).settle();
                }
            } finally {
                session.lock().unlock();
            }
        }
    }

    private void fill(KvLayer layer, int block, int end, boolean last) throws IOException {
        layer.resize(block * KvLayout.BLOCK_TOKENS, end);
        from.block(block, layer.index(), OffHeap.bytes(layer.block(block), layout.blockBytes()));
        if (last && layout.format() == KvFormat.INT8) {
            KvLayout floats = new KvLayout(KvFormat.F32, layout.kvHeads(), layout.headSize());
            from.recent(layer.index(), OffHeap.bytes(layer.recentBlock(), floats.blockBytes()));
            if (isZero(layer.recentBlock(), floats.blockBytes())) { // or all is zero in eight bits as well
                layer.restoreNewest();
            }
        }
    }

    /** Whether there are no floats: who saved the session had the block in eight bits alone. */
    private static boolean isZero(long address, long bytes) {
        for (long offset = 0; offset < bytes; offset += Float.BYTES) { // nearly always the first one tells
            if (OffHeap.getFloat(address + offset) != 0) {
                return false;
            }
        }
        return true;
    }
}
