package io.alisa.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

import io.alisa.SessionReport;
import org.jspecify.annotations.Nullable;

/**
 * All sessions of the process. Thread-safe.
 *
 * <p>A session ends when the host closes its cache object, or when that object is collected: an abandoned one is
 * freed by a daemon thread that waits for nothing else. What one held may be {@link KeptSessions kept} beyond its end.
 */
public final class Sessions {
    private static final Sessions PROCESS = new Sessions();

    private final IdentityTable<Binding> table = new IdentityTable<>(this::abandoned);
    private final Set<HostSession> open = new LinkedHashSet<>();
    private final KeptSessions kept;
    private final RestoredSessions restored = new RestoredSessions();
    private final ClosedIds closedIds;
    private final Consumer<Thread> starter;
    private @Nullable SessionReaper reaper;
    private @Nullable SessionReport lastClosed;
    private long lastClosedUsed;

    Sessions() {
        this(new ClosedIds());
    }

    Sessions(ClosedIds closedIds) {
        this(closedIds, Thread::start);
    }

    /** @param starter starts the threads that free what is abandoned */
    Sessions(ClosedIds closedIds, Consumer<Thread> starter) {
        this.closedIds = closedIds;
        this.starter = starter;
        kept = new KeptSessions(starter);
    }

    /** The sessions of this process. */
    public static Sessions ofProcess() {
        return PROCESS;
    }

    /** What is kept for a cache object, or null when it was never seen. */
    public @Nullable Binding find(Object kvBuffer) {
        return table.get(kvBuffer);
    }

    /**
     * What is kept for the cache objects of an id, be it the host's or that of a report, also where it was restored and the host
     * has yet to make one: several, where several models are in the process and the host knows a session of each by it.
     */
    public List<Binding> find(UUID id) {
        List<Binding> found = new ArrayList<>(restored.find(id));
        for (Binding binding : table.values()) {
            if (binding.has(id)) {
                found.add(binding);
            }
        }
        return found;
    }

    /** What is kept for a cache object, made when it was never seen. */
    public Binding bind(Object kvBuffer) {
        return bind(kvBuffer, null);
    }

    /**
     * Binds a cache object that was just made.
     *
     * @param model of it
     * @param id    by which the host knows it; where a restored session waits for it, that goes on
     */
    public Binding created(Object kvBuffer, Object model, UUID id) {
        Binding binding = bind(kvBuffer, restored.take(model, id));
        binding.setId(id);
        return binding;
    }

    /**
     * Keeps a restored session until the host asks for it. Like those of a closed one its ids may be forgotten when its KV is
     * gone.
     *
     * @return the id to ask by
     */
    public UUID restored(Object model, SavedSessions.Restored session) {
        UUID id = UUID.randomUUID();
        Binding binding = new Binding();
        binding.setId(id);
        binding.tokens().record(0, session.ids());
        Branch branch = kept.restored(model, session.session(), binding.tokens(), session.computed());
        binding.adopt(branch, session);
        restored.put(model, id, binding);
        closedIds.closed(binding, branch);
        return id;
    }

    private Binding bind(Object kvBuffer, @Nullable Binding waiting) {
        if (table.get(kvBuffer) == null) {
            purge();
        }
        synchronized (table) {
            Binding binding = table.get(kvBuffer);
            if (binding == null) {
                binding = waiting == null ? new Binding() : waiting;
                table.put(kvBuffer, binding);
                if (reaper == null || reaper.isAtEnd()) {
                    SessionReaper fresh = new SessionReaper(table);
                    starter.accept(fresh);
                    reaper = fresh; // where it can't be started now, the next session tries again
                }
            }
            return binding;
        }
    }

    /** Without the monitor: it takes those of sessions, and who has one may come here. */
    private void purge() {
        try {
            table.purge();
        } catch (RuntimeException | Error e) { // somebody else's session: this one has nothing to do with it
            SessionReaper.say(e);
        }
    }

    /** Opens a new session for a cache object. */
    public void open(Binding binding, Object model, HostSession session) {
        Branch branch = kept.opened(model, session, binding.tokens());
        binding.open(branch);
        opened(binding, session);
    }

    private void opened(Binding binding, HostSession session) {
        closedIds.opened(binding);
        synchronized (this) {
            open.add(session);
        }
    }

    /**
     * Opens a session for a cache object with what another session of the model has of the same tokens, see
     * {@link KeptSessions#begin}. The ids of the prompt are recorded already.
     *
     * @param others whether that may be the session of another cache object
     * @return how many tokens there are already; 0: no session was opened
     */
    public int openWith(Binding binding, Object model, int[] prompt, PrefixRule rule, boolean others,
            KeptSessions.Fork fork) {
        Donors donors = new Donors(binding.left(), others);
        KeptSessions.Start start = kept.begin(model, prompt, rule, donors, binding.tokens(), fork);
        if (start == null) {
            return 0;
        }
        start.branch().session().reuse(start.tokens());
        binding.open(start.branch());
        opened(binding, start.branch().session());
        return start.tokens();
    }

    /**
     * Says that somebody is about to go on with the session of a cache object: from now on until it is closed, its ids stay.
     *
     * @param position where he does
     * @throws IllegalStateException where ids before that were forgotten, see {@link ClosedIds}
     */
    public void comeBack(Binding binding, int position) {
        if (binding.session() != null) { // as in nearly every step
            return;
        }
        closedIds.opened(binding);
        int forgotten = binding.tokens().forgotten();
        if (forgotten > 0 && position > 0 && !binding.isHostsOwn()) {
            throw closedIds.forgotten(forgotten, position);
        }
    }

    /**
     * Has the session of a cache object go on at a position, what lay behind it being forgotten. One that was closed is
     * opened again where its KV was kept; one that others share what is to be overwritten with is left to them.
     *
     * @return whether there is an open session for that now
     */
    public boolean goOn(Binding binding, int position) {
        Branch branch = binding.branch();
        if (branch == null) {
            return false;
        }
        boolean open = binding.session() != null;
        if (open
                ? isComplete(binding, branch, position) && branch.rewind(position)
                : position > 0 && resume(binding, branch, position)) {
            branch.session().rewind(position);
            return true;
        }
        if (open) {
            end(binding, true);
        }
        binding.leaveBranch();
        return false;
    }

    /**
     * Settles what becomes of the session that the user of a cache object left, if he did: it is kept for others, or freed
     * where none of them may have it.
     */
    public void settleLeft(Binding binding, boolean others) {
        Branch left = binding.left();
        binding.settleLeft();
        if (left != null && new Donors(left, others).haveAlone(left)) {
            kept.dropLeft(left);
        }
    }

    /** False where a step that was to compute known tokens again failed: their KV is not there. */
    private static boolean isComplete(Binding binding, Branch branch, int position) {
        return position <= branch.done() || position > binding.tokens().size();
    }

    private boolean resume(Binding binding, Branch branch, int position) {
        if (!kept.resume(branch, binding.tokens(), position)) {
            return false;
        }
        binding.open(branch);
        opened(binding, branch.session());
        return true;
    }

    /** What is kept of closed sessions. */
    public KeptSessions kept() {
        return kept;
    }

    /** Closes the session of a cache object, if it has an open one, and frees what it held. */
    public void close(Binding binding) {
        close(binding, false);
    }

    /**
     * Closes the session of a cache object, if it has an open one. Nobody goes on with it for now: its ids may be forgotten
     * when its KV is gone.
     *
     * @param keep whether its KV is kept, should the conversation go on; not where it is damaged for good
     */
    public void close(Binding binding, boolean keep) {
        try {
            end(binding, keep);
        } finally { // whatever failed: the session has ended
            binding.tokens().trim();
            closedIds.closed(binding, binding.branch());
        }
    }

    private void end(Binding binding, boolean keep) {
        Branch branch = binding.branch();
        boolean known = binding.tokens().size() > 0;
        HostSession session = binding.endSession();
        if (session != null && branch != null && known) {
            session.rewind(binding.tokens().size()); // to before a step that failed
            branch.rewind(binding.tokens().size());
        }
        if (session == null || branch == null) {
            return;
        }
        try {
            noteClosed(session);
        } finally { // nobody else ever would: what it holds must not count for ever
            // One that failed before it held anything is of no use to anybody; of one that is damaged the next turn would fail.
            if (keep && branch.done() > 0 && !session.kv().isDamaged()) {
                kept.keep(branch);
            } else {
                kept.drop(branch);
            }
        }
    }

    private synchronized void noteClosed(HostSession session) {
        open.remove(session);
        SessionReport report = session.report();
        if (lastClosed == null || session.lastUsed() >= lastClosedUsed) {
            lastClosed = closedReport(report);
            lastClosedUsed = session.lastUsed();
        }
    }

    private void abandoned(Binding binding) {
        end(binding, false);
        closedIds.opened(binding);
    }

    private static SessionReport closedReport(SessionReport r) {
        return new SessionReport(r.id(), r.model(), r.mode(), true, r.tokens(), r.phase(), 0, 0,
                r.hostEquivalentBytes(), r.attendedTokensPerStep(), r.deletedTokens(), r.recomputedTokens(),
                r.recalledTokens(), r.loadedBytes(), r.stallNanos(), r.keptMass(), r.pinnedTokens(),
                r.reusedTokens(), 0);
    }

    /** Open sessions, oldest first. */
    public synchronized List<SessionReport> reports() {
        List<SessionReport> reports = new ArrayList<>();
        for (HostSession session : open) {
            reports.add(session.report());
        }
        return reports;
    }

    /** What the open sessions' plans decided and why, each sentence once. */
    public synchronized Set<String> planReasons() {
        Set<String> reasons = new LinkedHashSet<>();
        for (HostSession session : open) {
            reasons.addAll(session.planReasons());
        }
        return reasons;
    }

    /** The session used last, open or closed; null when there was none. */
    public synchronized @Nullable SessionReport last() {
        HostSession latest = open.stream().max(Comparator.comparingLong(HostSession::lastUsed)).orElse(null);
        if (latest == null || (lastClosed != null && lastClosedUsed > latest.lastUsed())) {
            return lastClosed;
        }
        return latest.report();
    }
}
