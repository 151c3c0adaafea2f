package io.alisa.host;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The branches of one model instance: a radix tree whose edges are conversations. Where two of them part, the younger one
 * hangs from the older behind the blocks that both begin with. A prompt's longest prefix is looked for by comparing it with
 * every branch: they are few, and comparing ids is nothing beside computing them.
 *
 * <p>Has no reference to its model, which must be free to go. Guarded by {@link KeptSessions}.
 */
final class PrefixTree {
    private final List<Branch> branches = new ArrayList<>();
    private boolean gone;
    private boolean closed;

    /** Says that the model was collected. Returns what there was. */
    List<Branch> end() {
        gone = true;
        List<Branch> all = new ArrayList<>(branches);
        branches.clear();
        return all;
    }

    boolean isGone() {
        return gone;
    }

    /** Says that the model was closed: what ends from now on is not kept. */
    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    /** Says that somebody uses a branch: a closed model that is used all the same is not closed any more. */
    void use() {
        closed = false;
    }

    List<Branch> branches() {
        return branches;
    }

    /** The branch with most to take over for a prompt, among equals the one that was used last; null where none has any. */
    @Nullable
    Branch best(int[] prompt, PrefixRule rule, Donors donors) {
        Branch best = null;
        int most = 0;
        for (Branch branch : branches) {
            int reusable = donors.have(branch) && branch.session().mode().equals(rule.mode())
                    ? Math.max(branch.continuing(prompt, rule, donors), branch.shareable(prompt, rule))
                    : 0;
            if (reusable > 0 && (reusable > most || (reusable == most && best != null && isBetter(branch, best)))) {
                best = branch;
                most = reusable;
            }
        }
        return best;
    }

    private static boolean isBetter(Branch branch, Branch than) {
        boolean kept = branch.state == Branch.State.KEPT;
        return kept != (than.state == Branch.State.KEPT)
                ? kept // an idle one can be taken over whole
                : branch.session().lastUsed() > than.session().lastUsed();
    }

    /** The branch nobody needs that was used least lately and from which nothing grows; null where there is none. */
    @Nullable
    Branch oldestLeaf() {
        Branch oldest = null;
        for (Branch branch : branches) {
            if (branch.state == Branch.State.KEPT && !branch.isShared()
                    && (oldest == null || branch.idleSince < oldest.idleSince)) {
                oldest = branch;
            }
        }
        return oldest;
    }

    /** Has every branch know whether anybody needs it: its user, or one that grows out of it. */
    void updateIdle() {
        for (Branch branch : branches) {
            branch.idle = branch.state == Branch.State.KEPT;
        }
        for (Branch branch : branches) {
            if (branch.state == Branch.State.OPEN || branch.isGrowing()) {
                branch.idle = false;
                for (Branch above = branch.parent; above != null; above = above.parent) {
                    above.idle = false;
                }
            }
        }
        for (Branch branch : branches) {
            branch.session().kv().setIdle(branch.idle);
        }
    }
}
