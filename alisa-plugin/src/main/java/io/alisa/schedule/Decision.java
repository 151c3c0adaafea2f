package io.alisa.schedule;

import io.alisa.Phase;

/**
 * What to do before the new blocks are taken. A block here is one of each layer, or as many blocks of any layers. First delete, then demote: so the slow
 * tier's cap holds at every moment.
 *
 * @param phase          phase once it is done
 * @param blocksToDemote blocks that leave the fast tier
 * @param blocksToDelete blocks to delete, from the slow tier as long as it has any; the rest are some of those that leave
 *                       the fast tier, and need not be written
 * @param fits           false: the caps can't hold the new blocks whatever is moved; nothing is to be done
 */
public record Decision(Phase phase, int blocksToDemote, int blocksToDelete, boolean fits) {
    private static final Decision STAY_I = new Decision(Phase.I, 0, 0, true);
    private static final Decision STAY_II = new Decision(Phase.II, 0, 0, true);
    private static final Decision STAY_III = new Decision(Phase.III, 0, 0, true);

    /** Nothing to do. */
    static Decision stay(Phase phase) {
        return switch (phase) {
            case I -> STAY_I;
            case II -> STAY_II;
            case III -> STAY_III;
        };
    }

    /** Nothing can be done. */
    static Decision full(Phase phase) {
        return new Decision(phase, 0, 0, false);
    }
}
