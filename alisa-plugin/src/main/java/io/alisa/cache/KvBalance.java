package io.alisa.cache;

import io.alisa.tier.DamagedPieceException;
import io.alisa.tier.MemoryFullException;

/**
 * Keeps in RAM what is attended most. While a session is split, blocks in the file that are used far more than some in RAM
 * change places with them, and when there is room in RAM again, blocks come back.
 *
 * <p>A few at a time, now and then: use changes slowly, and a block costs as much to move as to attend from the file some
 * times. But what comes back to free memory takes the place of nobody, and is then not read again: it does so at each
 * step, more at a time. Used under the session's lock.
 */
final class KvBalance {
    /** Steps between two looks at a layer. */
    private static final int EVERY = 16;
    /** Blocks that move at a look, at most. */
    private static final int MOVES = 4;
    /** The same where there is room for all. */
    private static final int RETURNS = 64;
    /** How much more a block must be used to be worth a move: otherwise equals would change places for ever. */
    private static final float FACTOR = 1.5f;
    private static final float MARGIN = 0.02f;

    private final KvTiers tiers;
    private int steps;

    KvBalance(KvTiers tiers) {
        this.tiers = tiers;
    }

    /** Called after each step of a session; looks at one layer in turn. Returns whether it did. */
    boolean stepDone(KvLayer... layers) {
        int step = steps++;
        if (!tiers.readers().canRead()) {
            return false;
        }
        if (tiers.room().hasEase()) {
            balance(layers[step % layers.length], RETURNS);
        }
        int turn = step % (EVERY * layers.length);
        if (turn % EVERY != 0) {
            return false;
        }
        balance(layers[turn / EVERY], MOVES);
        placeTokens(layers[turn / EVERY]);
        return true;
    }

    private void balance(KvLayer layer, int moves) {
        try {
            exchange(layer, moves);
        } catch (DamagedPieceException | MemoryFullException e) {
            // It stays where it is: whoever attends it will find out, and knows what to do. Or others took the room.
        }
    }

    private void exchange(KvLayer layer, int moves) {
        for (int move = 0; move < moves && !layer.isAllResident(); move++) {
            boolean isRoom = tiers.room().hasFrame();
            int back = mostUsedAway(layer, isRoom);
            if (back < 0) {
                return;
            }
            if (!isRoom) {
                int out = leastUsedResident(layer);
                if (out < 0 || layer.table().use(back) <= FACTOR * layer.table().use(out) + MARGIN
                        || !tiers.demote(layer, out)) {
                    return;
                }
            }
            long frame = tiers.room().freeFrame(); // what others could give back may not be had: nothing makes room for this
            if (frame == 0) {
                return;
            }
            tiers.promote(layer, back, frame);
        }
    }

    /** Has single tokens stay in RAM, in the place of a few blocks, as long as that saves more reads than it costs. */
    private void placeTokens(KvLayer layer) {
        HotTokens hot = layer.hot();
        if (hot.lose()) {
            hot.giveBack(tiers.room());
        }
        hot.giveBackUnused(layer, tiers.room());
        for (int move = 0; move < MOVES && hot.pay(); move++) {
            int run = hot.runWithoutFrame(layer);
            long frame = run < 0 ? 0 : frameFor(layer);
            if (frame == 0) {
                return;
            }
            hot.place(run, frame);
        }
    }

    /** A frame, if need be that of the layer's least used block; 0 where there is none. */
    private long frameFor(KvLayer layer) {
        long frame = tiers.room().hasFrame() ? tiers.room().freeFrame() : 0;
        if (frame != 0) {
            return frame;
        }
        int out = leastUsedResident(layer);
        return out >= 0 && tiers.demote(layer, out) ? tiers.room().freeFrame() : 0;
    }

    /**
     * Among equals the newest; -1 where none can come back.
     *
     * @param any also those whose attended tokens are in RAM anyway
     */
    private int mostUsedAway(KvLayer layer, boolean any) {
        int best = -1;
        for (int block = layer.anchored(); block < layer.sealedBlocks(); block++) {
            if (tiers.isInFile(layer, block) && (any || !layer.hot().suffice(block))
                    && (best < 0 || layer.table().use(block) >= layer.table().use(best))) {
                best = block;
            }
        }
        return best;
    }

    /** Among equals the oldest; -1 where none can go. */
    private int leastUsedResident(KvLayer layer) {
        int best = -1;
        for (int block = layer.anchored(); block < layer.sealedBlocks(); block++) {
            if (layer.isResident(block) && (best < 0 || layer.table().use(block) < layer.table().use(best))) {
                best = block;
            }
        }
        return best;
    }
}
