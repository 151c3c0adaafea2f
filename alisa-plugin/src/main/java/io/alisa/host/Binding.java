package io.alisa.host;

import java.lang.ref.WeakReference;
import java.util.UUID;

import io.alisa.cache.PinnedSpans;
import io.alisa.host.SavedSessions.Restored;
import org.jspecify.annotations.Nullable;

/**
 * What we keep for one of the host's cache objects: whether it is ours, its session while it is open, and its token
 * ids, also after it was closed. Guarded by its own monitor.
 */
public final class Binding {
    /** A thread that ends in the midst of its turn tells nobody: who waits for one looks whether it is still there. */
    private static final long LOOK_AGAIN_MILLIS = 1000;

    private final TokenLog tokens = new TokenLog();
    private final WeakReference<Binding> reference = new WeakReference<>(this);
    private final PendingToken pending = new PendingToken();
    private @Nullable HostSession session;
    /** Of the open session. */
    private @Nullable Branch branch;
    /** Of the last one, which may go whenever its memory is needed: the host never lets go of its cache objects. */
    private WeakReference<Branch> last = new WeakReference<>(null);
    /** The one before, as long as it is not settled what becomes of it. */
    private WeakReference<Branch> left = new WeakReference<>(null);
    private @Nullable SessionMode mode;
    private boolean served;
    /** Whether ids were recorded that no session was opened for yet. */
    private boolean unserved;
    /** Whether a prompt of {@code generate} was recorded, and no token chosen since. */
    private boolean unanswered;
    private @Nullable Thread speaker;
    /** How often it began: who is handed a piece of a reply may ask for another one. */
    private int speaking;
    /** Whether its prompt is yet to come. */
    private boolean asked;
    private boolean hostsOwn;
    private boolean replaying;
    private int stepStart;
    /** What is computed before this position belongs to a prompt. */
    private int promptEnd;
    private PinnedSpans pinned = PinnedSpans.NONE;
    private @Nullable UUID id;

    /** The open session, or null. */
    public synchronized @Nullable HostSession session() {
        return session;
    }

    /** The open session's place among those of its model, or that of the last one; null where there was none. */
    public synchronized @Nullable Branch branch() {
        return branch == null ? last.get() : branch;
    }

    synchronized void open(Branch opened) {
        branch = opened;
        session = opened.session();
        served = true;
        unserved = false;
        session.kv().setPinned(pinned); // not what another user pinned whose tokens it begins with
    }

    /** Goes on with a restored session, whose ids are recorded. */
    synchronized void adopt(Branch restored, Restored with) {
        last = new WeakReference<>(restored);
        mode = with.session().mode();
        pinned = with.pinned();
        if (with.pendingToken() >= 0) {
            pending.chosen(with.pendingToken(), tokens.size());
        }
        pending.setMarked(with.marked());
    }

    /** Where the host must believe the next prompt to begin: behind what was said, even where that was forgotten. */
    public synchronized int next() {
        return pending.next(Math.max(tokens.size(), tokens.forgotten()));
    }

    /** How it attends and keeps its KV, whatever the settings are: as it was saved. Null where the settings say. */
    public synchronized @Nullable SessionMode mode() {
        return mode;
    }

    /** Whether it ever had a session of ours. */
    public synchronized boolean wasServed() {
        return served;
    }

    /** The session that is open, or the last one where what it held is kept yet; null where there is none. */
    public synchronized @Nullable HostSession held() {
        Branch place = branch();
        return session != null || place == null || !place.isOf(tokens) || place.session().kv().isClosed()
                ? session
                : place.session();
    }

    /** Has the host's calls on this cache object, which is nobody's, reach a session for now; null: no more. */
    public synchronized void lend(@Nullable HostSession to) {
        session = to;
    }

    /** Leaves the last session: what comes is not said behind it. */
    synchronized void leaveBranch() {
        Branch place = branch();
        left = new WeakReference<>(place != null && place.leave(tokens) ? place : null);
        branch = null;
        last = new WeakReference<>(null);
    }

    /** What was left, and nobody took over before; null where it is settled what became of it. */
    public synchronized @Nullable Branch left() {
        return left.get();
    }

    synchronized void settleLeft() {
        left = new WeakReference<>(null);
    }

    /** The host began this one without us, so it goes on without us. */
    public synchronized void leaveToHost() {
        hostsOwn = true;
        unserved = false; // the host computes this step: it did not fail for want of a session
    }

    public synchronized boolean isHostsOwn() {
        return hostsOwn;
    }

    public TokenLog tokens() {
        return tokens;
    }

    /** Pins tokens that are known, see {@link io.alisa.cache.KvSession#pin}. */
    public synchronized void pin(int from, int end) {
        if (end > tokens.size()) {
            throw new IllegalArgumentException("Tokens " + from + " to " + end + " can't be pinned: the session has "
                    + tokens.size() + (tokens.forgotten() == 0 ? "" : ", the ids of the others were forgotten"));
        }
        pinned = pinned.with(from, end);
        HostSession held = held(); // closed, too: it may be saved
        if (held != null) {
            held.kv().pin(from, end);
        }
    }

    /** Says by which id the host knows the session. */
    public synchronized void setId(UUID known) {
        id = known;
    }

    /** Whether the host knows the session by that id, or the reports of what is held for it have it. */
    synchronized boolean has(UUID wanted) {
        if (wanted.equals(id)) {
            return true;
        }
        HostSession held = branch() == null ? null : held(); // not what was lent: that is another one's
        return held != null && !held.kv().isClosed() && held.isReportedAs(wanted);
    }

    /** What a reply ended with. */
    public PendingToken pending() {
        return pending;
    }

    /** Always the same, so that nothing is allocated where a thread remembers whom it serves. */
    public WeakReference<Binding> reference() {
        return reference;
    }

    /** Whether token ids are being fed again to rebuild this session, so that they are not recorded twice. */
    public synchronized boolean isReplaying() {
        return replaying;
    }

    public synchronized void setReplaying(boolean value) {
        replaying = value;
    }

    /** Says that what is computed before a position belongs to a prompt, also where the host does so token by token. */
    public synchronized void promptUntil(int end) {
        promptEnd = end;
    }

    public synchronized int promptEnd() {
        return promptEnd;
    }

    /** Records ids that are about to be computed, from a position on. */
    public synchronized void record(int position, int... ids) {
        beginStep(position);
        tokens.record(position, ids);
    }

    /**
     * As {@link #record}, for a prompt of {@code generate}: until a token is chosen it has failed, even where all of it was
     * computed, for the host does something yet behind the last layer's attention. Who feeds tokens himself may need none.
     */
    public synchronized void recordAsked(int position, int... ids) {
        record(position, ids);
        unanswered = true;
    }

    /** Notes the token that was chosen after what was recorded. */
    public synchronized void chosen(int token) {
        unanswered = false;
        pending.chosen(token, tokens.size());
    }

    /** As {@link #record}, without allocating. */
    public synchronized void recordOne(int position, int id) {
        beginStep(position);
        tokens.recordOne(position, id);
    }

    private void beginStep(int position) {
        stepStart = position;
        unanswered = false; // who goes on has the output
        unserved |= session == null && !hostsOwn;
        PinnedSpans left = pinned.before(position);
        if (session != null && !left.equals(pinned)) {
            session.kv().setPinned(left);
        }
        pinned = left;
    }

    /**
     * Ends the session, if one is open; the ids of its tokens stay, but for those of a step that failed. Returns it.
     */
    public synchronized @Nullable HostSession endSession() {
        forgetFailedStep();
        HostSession ended = session;
        session = null;
        if (branch != null) { // closed again, it still knows the last one
            last = new WeakReference<>(branch);
            branch = null;
        }
        return ended;
    }

    /** Says that known ids are about to be computed again: where that fails, none of them was wrong. */
    public synchronized void beginAgain() {
        stepStart = tokens.size();
    }

    /**
     * Whether a session that holds so many tokens lacks some that were known before the step at hand: they are being computed
     * again, or that failed.
     */
    synchronized boolean isBehind(int held) {
        return held < stepStart;
    }

    /**
     * Forgets the ids of a step that failed, be it that no session could be opened for it: a whole prompt, even where some
     * of its batches were computed, or all of them and it was not answered. Returns whether there was one.
     */
    public synchronized boolean forgetFailedStep() {
        boolean failed = session == null ? unserved : unanswered || tokens.size() > session.tokens();
        unserved = false;
        unanswered = false;
        if (failed) {
            tokens.cut(stepStart);
        }
        if (failed && session != null) {
            session.rewind(tokens.size());
        }
        return failed;
    }

    // ---- who speaks

    /**
     * Says that this thread generates here until it is {@link #silent}, as soon as no other one does: two at once would
     * overwrite each other's tokens, and a prompt begins where the reply before it ended.
     *
     * @throws IllegalStateException where the thread is interrupted while it waits: it does not speak then, and stays
     *         interrupted
     */
    public synchronized void speak() {
        while (isOthersTurn()) {
            try {
                wait(LOOK_AGAIN_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(
                        "This thread was interrupted while it waited for its turn: another one still"
                                + " generates under the same session id. Ask again, or give each conversation an id of its own",
                        e);
            }
        }
        if (!Thread.currentThread().equals(speaker)) {
            speaker = Thread.currentThread();
            speaking = 0; // as often as one did that has ended: it will not be silent any more
        }
        speaking++;
        asked = true;
    }

    private boolean isOthersTurn() {
        Thread now = speaker;
        return now != null && !now.equals(Thread.currentThread()) && now.isAlive();
    }

    /** Whether this thread has begun to {@link #speak} and its prompt has not come yet: this is it. */
    public synchronized boolean takeAsked() {
        boolean taken = asked && Thread.currentThread().equals(speaker);
        asked &= !taken;
        return taken;
    }

    /** Says that this thread does not generate any more; as often as it began to. */
    public synchronized void silent() {
        if (Thread.currentThread().equals(speaker)) {
            asked = false;
            speaking--;
            if (speaking == 0) {
                speaker = null;
                notifyAll();
            }
        }
    }
}
