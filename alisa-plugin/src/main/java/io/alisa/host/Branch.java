package io.alisa.host;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A session's KV among those of its model: which tokens it holds, how they were computed, and who shares them. A branch
 * grows out of its parent behind the tokens it took over from it; those stay where they are, and as they are, as long as it
 * lives.
 *
 * <p>What is said of tokens is guarded by the branch's monitor. Its place in the tree and its state belong to
 * {@link KeptSessions}.
 */
public final class Branch {
    /** Who needs a branch. */
    enum State {
        /** Its user goes on with it. */
        OPEN,
        /** Nobody, at present. */
        KEPT,
        /** Its KV is gone. */
        GONE
    }

    private final HostSession session;
    private TokenLog tokens;
    private BatchLog batches;
    /** Tokens whose KV is there, and is that of the ids in {@link #tokens}. */
    private int done;
    /** First tokens that others have taken over. */
    private int frozen;

    final PrefixTree tree;
    final @Nullable Branch parent;
    /** Tokens taken over from the parent. */
    final int from;
    /**
     * Whether it goes back to a file. Nothing proves that what is in a file is what the model makes of the ids beside it, or
     * makes of them on this machine: it is for the user alone who had it read.
     */
    final boolean fromFile;
    /** Guarded by {@link KeptSessions}; so are the next. */
    State state = State.OPEN;
    final List<Branch> children = new ArrayList<>();
    /** How many are about to grow out of this one, and from where at most. */
    private int growing;
    private int growingAt;
    long idleSince;
    boolean idle;

    /** @param tokens the ids of its user, who goes on with them */
    Branch(PrefixTree tree, HostSession session, TokenLog tokens) {
        this(tree, session, tokens, null, 0, new BatchLog(), false);
    }

    private Branch(PrefixTree tree, HostSession session, TokenLog tokens, @Nullable Branch parent, int from,
            BatchLog batches, boolean fromFile) {
        this.fromFile = fromFile;
        this.tree = tree;
        this.session = session;
        this.tokens = tokens;
        this.parent = parent;
        this.from = from;
        this.done = from;
        this.batches = batches;
    }

    /** One that was read from a file: its tokens are all there, computed as {@code batches} say. */
    static Branch read(PrefixTree tree, HostSession session, TokenLog tokens, BatchLog batches) {
        Branch branch = new Branch(tree, session, tokens, null, 0, batches, true);
        branch.done = tokens.size();
        return branch;
    }

    public HostSession session() {
        return session;
    }

    // ---- its place in the tree, guarded by KeptSessions

    /**
     * Says that a branch is about to grow out of this one: until then it stays, and its first tokens are as they are.
     *
     * @return false where its user has just gone back to before {@code at}: those tokens are about to be others
     */
    boolean beginGrowing(int at) {
        if (!freezeAtLeast(at)) {
            return false;
        }
        growing++;
        growingAt = Math.max(growingAt, at);
        updateFrozen();
        return true;
    }

    /** Adds the branch that grew, or none where that failed. */
    @Nullable
    Branch endGrowing(@Nullable HostSession child, TokenLog ofUser, int at) {
        growing--;
        growingAt = growing == 0 ? 0 : growingAt;
        Branch grown = child == null ? null : new Branch(tree, child, ofUser, this, at, copyOfBatches(at), fromFile);
        if (grown != null) {
            children.add(grown);
        }
        updateFrozen();
        return grown;
    }

    void lose(Branch child) {
        children.remove(child);
        updateFrozen();
    }

    /** Whether something shares its blocks, or is about to. */
    boolean isShared() {
        return growing > 0 || !children.isEmpty();
    }

    boolean isGrowing() {
        return growing > 0;
    }

    private void updateFrozen() {
        int shared = growingAt;
        for (Branch child : children) {
            shared = Math.max(shared, child.from);
        }
        freeze(shared);
        session.kv().freeze(shared);
    }

    /** Who really has the last of the first {@code count} tokens: this branch or one it grew out of. */
    Branch owner(int count) {
        Branch owner = this;
        while (owner.parent != null && count <= owner.from) {
            owner = owner.parent;
        }
        return owner;
    }

    synchronized BatchLog copyOfBatches(int count) {
        return batches.first(count);
    }

    // ---- tokens

    /**
     * Says that the tokens from a position on are about to be others.
     *
     * @return false where others have taken over some of them: nothing may be written there then
     */
    synchronized boolean rewind(int position) {
        if (position < frozen || position < from) {
            return false;
        }
        if (position < done) {
            done = position;
            batches.cut(position);
        }
        return true;
    }

    /** Counts a step of all layers. */
    synchronized void stepDone(int start, int end, boolean sparse) {
        batches.add(start, end, sparse);
        done = end;
    }

    synchronized int done() {
        return done;
    }

    /**
     * From which token on this branch itself can go on with a prompt: the next turn of the same conversation, where nobody
     * needs the branch, and any other prompt where nobody else ever will. 0: it can't.
     */
    int continuing(int[] prompt, PrefixRule rule, Donors donors) {
        boolean free = state == State.KEPT && !isShared() && !session.kv().isDamaged()
                && (donors.haveAlone(this) || isContinuedBy(prompt));
        int count = free ? reusable(prompt, rule) : 0;
        return count >= from ? count : 0;
    }

    /** How many of the first tokens of a prompt a new session can share with this one: whole blocks. */
    int shareable(int[] prompt, PrefixRule rule) {
        return rule.blocks(reusable(prompt, rule));
    }

    private synchronized int reusable(int[] prompt, PrefixRule rule) {
        int there = Math.min(done, session.kv().wholeTokens());
        return rule.reusable(Math.min(there, tokens.common(prompt)), prompt.length, batches);
    }

    private synchronized boolean isContinuedBy(int[] prompt) {
        return batches.lastEnd() > 0 && tokens.common(prompt) >= Math.min(done, batches.lastEnd());
    }

    /** Whether its tokens are those of that user: else another one took it over. */
    synchronized boolean isOf(TokenLog user) {
        return tokens == user;
    }

    /**
     * Says that its user goes another way: the branch keeps the ids of what it holds to itself.
     *
     * @return false where somebody else took it over before
     */
    synchronized boolean leave(TokenLog user) {
        if (tokens != user) {
            return false;
        }
        tokens = user.copy(done);
        return true;
    }

    /** Whether it holds more than what others share. */
    synchronized boolean hasTail() {
        return done > frozen;
    }

    /** Says that what nobody shares is gone, and its user will go another way. */
    synchronized void loseTail() {
        done = frozen;
        tokens = tokens.copy(done);
        batches.cut(done);
        session.rewind(done);
    }

    /** Has the branch go on for another user, from a prefix on. */
    synchronized void takeOver(int count, TokenLog ofUser) {
        tokens = ofUser;
        done = count;
        batches.cut(count);
    }

    private synchronized void freeze(int count) {
        frozen = count;
    }

    /** Freezes the first tokens where they are there still: an open session goes back under this monitor alone. */
    private synchronized boolean freezeAtLeast(int count) {
        if (count > done) {
            return false;
        }
        frozen = Math.max(frozen, count);
        return true;
    }
}
