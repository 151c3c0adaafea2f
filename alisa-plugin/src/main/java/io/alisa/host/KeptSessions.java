package io.alisa.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFullException;
import org.jspecify.annotations.Nullable;

/**
 * The KV of all sessions, open or not: what a user is done with is kept as long as nobody needs its memory, in case the
 * conversation goes on or another one begins like it.
 *
 * <p>What is kept gives way to whatever an open session needs: INT8 goes to the file first, then the least recently used goes
 * altogether. It also goes after half an hour, but for what others share, when there are too many, and when its model was
 * collected.
 *
 * <p>Thread-safe. Whoever holds this monitor never waits for a session's lock: a session that is in use is not idle.
 */
public final class KeptSessions implements MemoryBudget.Reclaimer {
    /** Most sessions of a model that are kept. */
    static final int MOST = 128;
    private static final long MAX_AGE_NANOS = TimeUnit.MINUTES.toNanos(30);

    private final IdentityTable<PrefixTree> trees = new IdentityTable<>(this::modelGone);
    private final Consumer<Thread> starter;
    private @Nullable SessionReaper reaper;
    private boolean reclaiming;

    /** @param starter starts the thread that looks after what nobody needs any more */
    KeptSessions(Consumer<Thread> starter) {
        this.starter = starter;
    }

    /** What a new session begins with: the first tokens that a branch has already. */
    public record Start(Branch branch, int tokens) {
    }

    /** Makes a session that shares blocks with another one. */
    public interface Fork {
        /**
         * Makes a session of the parent's shape and mode.
         *
         * @param tokens how many of the first tokens are taken over, a multiple of 64
         * @return null where that is not possible
         */
        @Nullable
        HostSession fork(HostSession parent, int tokens);
    }

    /** Takes a new session among those of its model; where that fails nothing here knows of it, and it is open. */
    synchronized Branch opened(Object model, HostSession session, TokenLog tokens) {
        Branch branch = new Branch(treeOf(model), session, tokens);
        add(branch);
        return branch;
    }

    /** Keeps a session that was restored until its user goes on with it, or closes it. */
    Branch restored(Object model, HostSession session, TokenLog tokens, BatchLog batches) {
        Branch branch;
        boolean added = false;
        try {
            synchronized (this) {
                branch = Branch.read(treeOf(model), session, tokens, batches);
                add(branch);
                added = true;
            }
        } finally {
            if (!added) {
                session.close(); // nobody else knows of it
            }
        }
        keep(branch);
        return branch;
    }

    private PrefixTree treeOf(Object model) {
        PrefixTree tree = trees.get(model);
        if (tree == null) {
            tree = new PrefixTree();
            trees.put(model, tree);
        }
        return tree;
    }

    private void add(Branch branch) {
        boolean added = false;
        try {
            if (reaper == null || reaper.isAtEnd()) {
                SessionReaper fresh = new SessionReaper(trees, this::dropOld);
                starter.accept(fresh);
                reaper = fresh; // where it can't be started now, the next session tries again
            }
            branch.tree.use();
            branch.tree.branches().add(branch);
            branch.session().attach(branch);
            branch.session().kv().reclaimBy(this);
            branch.tree.updateIdle();
            added = true;
        } finally {
            if (!added) { // its session is about to be closed: nobody would ever take it out
                remove(branch);
            }
        }
    }

    /** Keeps a session that its user is done with, even where it can't give up what only steps need. */
    void keep(Branch branch) {
        try {
            branch.session().rest(); // its lock is taken: before the monitor
        } finally {
            keepRested(branch);
        }
    }

    private void keepRested(Branch branch) {
        boolean closed;
        synchronized (this) {
            closed = branch.tree.isClosed();
            if (!branch.tree.isGone() && !closed) {
                branch.state = Branch.State.KEPT;
                branch.idleSince = System.nanoTime();
                branch.tree.updateIdle();
                dropSurplus(branch.tree);
                return;
            }
        }
        if (closed) {
            dropRested(branch);
        } else {
            branch.session().close();
        }
    }

    /** Frees what is kept of a model that is closed, and keeps nothing of it until it is used again. */
    public synchronized void modelClosed(Object model) {
        PrefixTree tree = trees.get(model);
        if (tree != null) {
            tree.close();
            evictUnshared(tree);
        }
    }

    private static void dropSurplus(PrefixTree tree) {
        int kept = 0;
        for (Branch branch : tree.branches()) {
            kept += branch.state == Branch.State.KEPT ? 1 : 0;
        }
        for (Branch oldest = tree.oldestLeaf(); kept > MOST && oldest != null && evict(oldest); kept--) {
            oldest = tree.oldestLeaf();
        }
    }

    /**
     * Has the user of a kept session go on with it at a position. Returns false where it is not there any more, not as far as
     * that, where somebody took it over, where it is damaged for good, or where others share what is to be overwritten.
     */
    synchronized boolean resume(Branch branch, TokenLog user, int position) {
        if (branch.state != Branch.State.KEPT || !branch.isOf(user) || position > branch.done()
                || branch.session().kv().isDamaged()
                || !branch.rewind(position)) {
            return false;
        }
        branch.state = Branch.State.OPEN;
        branch.tree.use();
        branch.tree.updateIdle();
        return true;
    }

    /** Frees an open session, unless others share what it has: then it is kept as long as they do. */
    void drop(Branch branch) {
        try {
            branch.session().rest(); // its lock is taken: before the monitor
        } finally {
            dropRested(branch);
        }
    }

    private void dropRested(Branch branch) {
        synchronized (this) {
            if (branch.isShared() && !branch.tree.isGone()) {
                branch.state = Branch.State.KEPT;
                branch.idleSince = System.nanoTime();
                branch.tree.updateIdle();
                return;
            }
            branch.state = Branch.State.GONE;
            branch.tree.branches().remove(branch);
        }
        try {
            branch.session().close(); // its lock is taken: until then somebody may read what is its parent's
        } finally {
            synchronized (this) {
                remove(branch);
                if (branch.tree.isClosed()) {
                    evictUnshared(branch.tree);
                }
            }
        }
    }

    /** Frees a session that its user left and that is of no use to anybody else. */
    synchronized void dropLeft(Branch left) {
        if (left.state == Branch.State.KEPT && !left.isShared()) {
            evict(left);
        }
    }

    private static void evictUnshared(PrefixTree tree) {
        List<Branch> branches = new ArrayList<>(tree.branches());
        for (int i = branches.size() - 1; i >= 0; i--) { // what grows out of another is younger
            Branch branch = branches.get(i);
            if (branch.state == Branch.State.KEPT && !branch.isShared()) {
                evict(branch);
            }
        }
    }

    private static void remove(Branch branch) {
        branch.state = Branch.State.GONE;
        branch.tree.branches().remove(branch);
        if (branch.parent != null) {
            branch.parent.lose(branch);
        }
        branch.tree.updateIdle();
    }

    /** Frees a kept session from which nothing grows. Returns false where somebody is at it right now. */
    private static boolean evict(Branch leaf) {
        boolean busy = false;
        try {
            busy = !leaf.session().kv().tryClose();
        } finally { // one of which not all could be given back is closed, too
            if (!busy) {
                remove(leaf);
            }
        }
        return !busy;
    }

    // ---- taking over

    /**
     * Begins a session with what another one of the same model has already: with a kept one itself where the prompt goes on
     * with its conversation, else with the blocks that both begin with.
     *
     * @param prompt ids of the whole prompt
     * @param rule   for the new session
     * @param donors whose
     * @param tokens where its user records ids
     * @return null where there is nothing to take over
     */
    @Nullable
    Start begin(Object model, int[] prompt, PrefixRule rule, Donors donors, TokenLog tokens, Fork fork) {
        Branch parent;
        int count;
        synchronized (this) {
            PrefixTree tree = trees.get(model);
            Branch best = tree == null ? null : tree.best(prompt, rule, donors);
            if (tree == null || best == null) {
                return null;
            }
            count = best.continuing(prompt, rule, donors);
            if (count > 0) {
                best.takeOver(count, tokens);
                best.state = Branch.State.OPEN;
                tree.use();
                tree.updateIdle();
                return new Start(best, count);
            }
            count = best.shareable(prompt, rule);
            parent = best.owner(count);
            if (count == 0 || !parent.beginGrowing(count)) { // its user has just gone back
                return null;
            }
            tree.updateIdle();
        }
        HostSession child = null;
        Branch grown;
        try {
            child = fork.fork(parent.session(), count);
        } catch (MemoryFullException e) {
            // It computes all of it by itself then, as far as that goes.
        } finally {
            grown = endGrowing(parent, child, tokens, count);
        }
        return grown == null ? null : new Start(grown, count);
    }

    /** Adds what grew out of a branch, or closes it where it has no place any more or can't be added. */
    private @Nullable Branch endGrowing(Branch parent, @Nullable HostSession child, TokenLog tokens, int count) {
        Branch grown = null;
        try {
            grown = addGrown(parent, child, tokens, count);
            return grown;
        } finally {
            if (grown == null && child != null) {
                child.close(); // its lock is taken: not under the monitor
            }
        }
    }

    private synchronized @Nullable Branch addGrown(Branch parent, @Nullable HostSession child, TokenLog tokens,
            int count) {
        Branch grown = parent.endGrowing(parent.tree.isGone() ? null : child, tokens, count);
        if (grown == null) {
            parent.tree.updateIdle();
        } else {
            add(grown);
        }
        return grown;
    }

    // ---- giving way

    @Override
    public synchronized boolean reclaim(MemoryBudget budget, long bytes) {
        if (reclaiming) {
            return false; // what gives way asks for room in the slow tier: it takes nobody's
        }
        reclaiming = true;
        try {
            return free(budget, bytes) > 0;
        } finally {
            reclaiming = false;
        }
    }

    private long free(MemoryBudget budget, long bytes) {
        long freed = 0;
        List<Branch> kept = kept();
        for (int i = 0; i < kept.size() && freed < bytes; i++) {
            freed += kept.get(i).session().kv().moveOut(budget, bytes - freed);
        }
        Set<Branch> busy = new HashSet<>(); // somebody saves them, or asks them for memory
        for (Branch leaf = victim(budget, busy); freed < bytes && leaf != null; leaf = victim(budget, busy)) {
            long held = leaf.session().kv().heldOf(budget);
            if (evict(leaf)) {
                freed += held;
            } else {
                busy.add(leaf);
            }
        }
        for (int i = 0; i < kept.size() && freed < bytes; i++) {
            long before = kept.get(i).session().kv().heldOf(budget);
            cutTail(kept.get(i));
            freed += before - kept.get(i).session().kv().heldOf(budget);
        }
        return freed;
    }

    /** Frees what a kept session does not share, where others need the rest. */
    private static void cutTail(Branch branch) {
        if (branch.state == Branch.State.KEPT && branch.isShared() && !branch.isGrowing() && branch.hasTail()
                && branch.session().kv().cutBackToFrozen()) {
            branch.loseTail();
        }
    }

    /** What no user goes on with at present, the least recently used first. */
    private List<Branch> kept() {
        List<Branch> kept = new ArrayList<>();
        for (PrefixTree tree : trees.values()) {
            for (Branch branch : tree.branches()) {
                if (branch.state == Branch.State.KEPT) {
                    kept.add(branch);
                }
            }
        }
        kept.sort(Comparator.comparingLong(branch -> branch.idleSince));
        return kept;
    }

    /** The least recently used leaf that holds something of a budget, or under which something idle does. */
    private @Nullable Branch victim(MemoryBudget budget, Set<Branch> busy) {
        for (Branch branch : kept()) {
            if (branch.idle && !branch.isShared() && !busy.contains(branch)) {
                for (Branch holder = branch; holder != null && holder.idle; holder = holder.parent) {
                    if (holder.session().kv().heldOf(budget) > 0) {
                        return branch;
                    }
                }
            }
        }
        return null;
    }

    /** Frees what nobody went on with for half an hour: of what others share, the rest. */
    synchronized void dropOld() {
        long now = System.nanoTime();
        for (PrefixTree tree : trees.values()) {
            Branch oldest = tree.oldestLeaf();
            while (oldest != null && now - oldest.idleSince > MAX_AGE_NANOS && evict(oldest)) {
                oldest = tree.oldestLeaf();
            }
            for (Branch branch : tree.branches()) {
                if (now - branch.idleSince > MAX_AGE_NANOS) {
                    cutTail(branch);
                }
            }
        }
    }

    private void modelGone(PrefixTree tree) {
        List<Branch> all;
        synchronized (this) {
            all = tree.end();
            all.forEach(branch -> branch.state = Branch.State.GONE);
        }
        closeAll(all, all.size() - 1);
    }

    /** Closes them from the last on, for whatever grows out of another is younger; all, even where one can't be. */
    private static void closeAll(List<Branch> branches, int last) {
        if (last >= 0) {
            try {
                branches.get(last).session().close();
            } finally {
                closeAll(branches, last - 1);
            }
        }
    }

    // ---- numbers

    /** Frees all that is kept, as far as nobody shares it. */
    synchronized void dropKept() {
        for (PrefixTree tree : trees.values()) {
            for (Branch leaf = tree.oldestLeaf(); leaf != null && evict(leaf);) {
                leaf = tree.oldestLeaf();
            }
        }
    }

    /** All branches of a model, the oldest first. */
    synchronized List<Branch> branches(Object model) {
        PrefixTree tree = trees.get(model);
        return tree == null ? List.of() : List.copyOf(tree.branches());
    }

    /** Sessions that are kept. */
    public synchronized int count() {
        int count = 0;
        for (PrefixTree tree : trees.values()) {
            for (Branch branch : tree.branches()) {
                count += branch.state == Branch.State.KEPT ? 1 : 0;
            }
        }
        return count;
    }

    /** Bytes that kept sessions hold, in RAM or in files. */
    public synchronized long bytes(boolean inFiles) {
        long bytes = 0;
        for (PrefixTree tree : trees.values()) {
            for (Branch branch : tree.branches()) {
                if (branch.state == Branch.State.KEPT) {
                    bytes += inFiles ? branch.session().kv().slowBytes() : branch.session().kv().bytes();
                }
            }
        }
        return bytes;
    }
}
