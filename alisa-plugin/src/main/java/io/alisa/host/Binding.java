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
    private final TokenLog tokens = new TokenLog();
    private final WeakReference<Binding> reference = new WeakReference<>(this);
    private final PendingToken pending = new PendingToken();
    private @Nullable HostSession session;
    private @Nullable Branch branch;
    private boolean hostsOwn;
    private boolean replaying;
    private int stepStart;
    private PinnedSpans pinned = PinnedSpans.NONE;
    private @Nullable UUID id;

    /** The open session, or null. */
    public synchronized @Nullable HostSession session() {
        return session;
    }

    /** The open session's place among those of its model, or that of the last one; null where there was none. */
    public synchronized @Nullable Branch branch() {
        return branch;
    }

    synchronized void open(Branch opened) {
        branch = opened;
        session = opened.session();
        for (int i = 0; i < pinned.spans(Integer.MAX_VALUE); i++) {
            session.kv().pin(pinned.from(i), pinned.end(i));
        }
    }

    /**
     * Goes on with a restored session.
     *
     * @return where the host must believe the next prompt to begin
     */
    synchronized int adopt(Branch restored, Restored with) {
        tokens.record(0, with.ids());
        restored.takeOver(with.ids().length, tokens);
        branch = restored;
        pinned = with.pinned();
        if (with.pendingToken() >= 0) {
            pending.chosen(with.pendingToken(), with.ids().length);
        }
        pending.setMarked(with.marked());
        return pending.next(with.ids().length);
    }

    /** The session that is open, or the last one where what it held is kept; null where there is none. */
    public synchronized @Nullable HostSession held() {
        return session != null || branch == null || !branch.isOf(tokens) ? session : branch.session();
    }

    /** Has the host's calls on this cache object, which is nobody's, reach a session for now; null: no more. */
    public synchronized void lend(@Nullable HostSession to) {
        session = to;
    }

    /** Forgets the last session: what is kept of it is not this one's any more. */
    synchronized void leaveBranch() {
        branch = null;
    }

    /** The host began this one without us, so it goes on without us. */
    public synchronized void leaveToHost() {
        hostsOwn = true;
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
                    + tokens.size());
        }
        pinned = pinned.with(from, end);
        if (session != null) {
            session.kv().pin(from, end);
        }
    }

    /** Says by which id the host knows the session. */
    public synchronized void setId(UUID known) {
        id = known;
    }

    synchronized boolean has(UUID wanted) {
        return wanted.equals(id);
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

    /** Records ids that are about to be computed, from a position on. */
    public synchronized void record(int position, int... ids) {
        stepStart = position;
        pinned = pinned.before(position);
        tokens.record(position, ids);
    }

    /** As {@link #record}, without allocating. */
    public synchronized void recordOne(int position, int id) {
        stepStart = position;
        pinned = pinned.before(position);
        tokens.recordOne(position, id);
    }

    /**
     * Ends the session, if one is open; the ids of its tokens stay, but for those of a step that failed. Returns it.
     */
    public synchronized @Nullable HostSession endSession() {
        forgetFailedStep();
        HostSession ended = session;
        session = null;
        return ended;
    }

    /** Forgets the ids of a step that failed: a whole prompt, even where some of its batches were computed. */
    public synchronized void forgetFailedStep() {
        if (session != null && tokens.size() > session.tokens()) {
            tokens.cut(Math.min(stepStart, session.tokens()));
            session.rewind(tokens.size());
        }
    }
}
