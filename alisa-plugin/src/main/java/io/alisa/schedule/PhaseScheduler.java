package io.alisa.schedule;

import io.alisa.Phase;
import org.jspecify.annotations.Nullable;

/**
 * The step-by-step decisions of phases I, II and III (ALISA, section V-A and Algorithm 2). It follows the plan's ratios
 * and phase points where the caps leave a choice, and the caps where they don't: a plan is a forecast, a cap is a promise.
 *
 * <p>The phase follows from what is demoted and deleted, so it goes back when a context is cut. Immutable; allocates only
 * where something is to be done.
 */
public final class PhaseScheduler {
    /** Blocks of each layer that are demoted together, so that writes are large. */
    private static final int BATCH = 8;
    /** But no more than this part of the fast tier: what is demoted may soon be wanted. */
    private static final int PART = 8;

    private final Split split;
    private final boolean mayDelete;
    private final int blockTokens;
    private final long blockBytes;
    /** What a deleted block keeps in either tier. */
    private final long keptFast;
    private final long keptSlow;

    /** @param by how deleted tokens come back; null: none may be deleted */
    public PhaseScheduler(Split split, ByteModel bytes, @Nullable Recomputation by) {
        this.split = split;
        this.blockTokens = bytes.blockTokens();
        this.blockBytes = bytes.blockBytes();
        this.keptFast = by == null ? 0 : (long) Math.ceil(by.fastBytes(bytes) * blockTokens);
        this.keptSlow = by == null ? 0 : (long) Math.ceil(by.slowBytes(bytes) * blockTokens);
        this.mayDelete = blockBytes > keptFast + keptSlow && by != null;
    }

    /**
     * What to do before {@code neededBytes} more are taken. Of more than one way that holds the caps, the one that
     * deletes least, unless the plan wants more.
     */
    public Decision decide(Occupancy now) {
        return decide(now, Long.MAX_VALUE);
    }

    /** @param most blocks that may be deleted for the plan's sake alone */
    Decision decide(Occupancy now, long most) {
        long planned = blocks(split.away(now.tokens())) - now.slowBlocks() - now.deletedBlocks();
        long plannedDelete = mayDelete
                ? Math.min(most, blocks(split.deleted(now.tokens())) - now.deletedBlocks())
                : 0;
        int batch = batch(now.fastCap());
        if (over(now) <= 0 && planned < batch && plannedDelete <= 0) {
            return Decision.stay(phase(now.slowBlocks(), now.deletedBlocks()));
        }
        // What the caps force: deleting makes room in the slow tier, and may need some in the fast one.
        long demote = ceilDiv(over(now), blockBytes);
        long delete = 0;
        while (mayDelete && slowOver(now, demote, delete) > 0 && delete <= now.deletableBlocks()) {
            delete += ceilDiv(slowOver(now, demote, delete), blockBytes - keptSlow);
            demote = Math.max(demote, ceilDiv(over(now) + delete * keptFast, blockBytes));
        }
        if (!holds(now, demote, delete)) {
            return Decision.full(phase(now.slowBlocks(), now.deletedBlocks()));
        }
        return beyond(now, demote, delete, Math.max(planned >= batch ? planned : 0, demote > 0 ? batch : 0),
                plannedDelete);
    }

    /** What the plan wants beyond what the caps force, as far as they allow. */
    private Decision beyond(Occupancy now, long demote, long delete, long wanted, long wantedDelete) {
        long more = Math.max(demote, Math.min(wanted, now.demotableBlocks()));
        long moreDelete = Math.max(delete,
                Math.min(wantedDelete, Math.min(now.deletableBlocks(), now.slowBlocks() + more)));
        long slowRoom = now.slowCap() - now.slowBytes() + moreDelete * (blockBytes - keptSlow);
        more = Math.max(demote, Math.min(more, slowRoom / blockBytes));
        return holds(now, more, moreDelete) ? decision(now, more, moreDelete) : decision(now, demote, delete);
    }

    private Decision decision(Occupancy now, long demote, long delete) {
        long deleted = now.deletedBlocks() + delete;
        Phase phase = phase(now.slowBlocks() + demote - delete, deleted);
        return demote == 0 && delete == 0
                ? Decision.stay(phase)
                : new Decision(phase, (int) demote, (int) delete, true);
    }

    private boolean holds(Occupancy now, long demote, long delete) {
        return demote <= now.demotableBlocks() && delete <= now.deletableBlocks()
                && delete <= now.slowBlocks() + demote
                && over(now) + delete * keptFast <= demote * blockBytes
                && ((demote == 0 && delete == 0) || slowOver(now, demote, delete) <= 0);
    }

    /** Bytes above the fast tier's cap if nothing is done. */
    private static long over(Occupancy now) {
        return now.fastBytes() + now.neededBytes() - now.fastCap();
    }

    /** Bytes above the slow tier's cap. */
    private long slowOver(Occupancy now, long demote, long delete) {
        return now.slowBytes() + demote * blockBytes - delete * (blockBytes - keptSlow) - now.slowCap();
    }

    private long blocks(double tokens) {
        return (long) (tokens / blockTokens);
    }

    private int batch(long fastCap) {
        return Math.clamp(fastCap / blockBytes / PART, 1, BATCH);
    }

    private static Phase phase(long slowBlocks, long deletedBlocks) {
        return deletedBlocks > 0 ? Phase.III : slowBlocks > 0 ? Phase.II : Phase.I;
    }

    private static long ceilDiv(long bytes, long of) {
        return bytes <= 0 ? 0 : Math.ceilDiv(bytes, of);
    }
}
