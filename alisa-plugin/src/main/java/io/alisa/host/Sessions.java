package io.alisa.host;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.alisa.SessionReport;
import org.jspecify.annotations.Nullable;

/**
 * All sessions of the process. Thread-safe.
 *
 * <p>A session ends when the host closes its cache object, or when that object is collected: an abandoned one is
 * freed by a daemon thread that waits for nothing else.
 */
public final class Sessions {
    private static final Sessions PROCESS = new Sessions();

    private final IdentityTable<Binding> table = new IdentityTable<>(this::abandoned);
    private final Set<HostSession> open = new LinkedHashSet<>();
    private boolean reaping;
    private @Nullable SessionReport lastClosed;
    private long lastClosedUsed;

    /** The sessions of this process. */
    public static Sessions ofProcess() {
        return PROCESS;
    }

    /** What is kept for a cache object, or null when it was never seen. */
    public @Nullable Binding find(Object kvBuffer) {
        return table.get(kvBuffer);
    }

    /** What is kept for a cache object, made when it was never seen. */
    public Binding bind(Object kvBuffer) {
        synchronized (table) {
            Binding binding = table.get(kvBuffer);
            if (binding == null) {
                table.purge();
                binding = new Binding();
                table.put(kvBuffer, binding);
                if (!reaping) {
                    reaping = true;
                    new SessionReaper(table).start();
                }
            }
            return binding;
        }
    }

    /** Registers an opened session. */
    public synchronized void opened(HostSession session) {
        open.add(session);
    }

    /** Closes the session of a cache object, if it has an open one. */
    public void close(Binding binding) {
        HostSession session = binding.endSession();
        if (session == null) {
            return;
        }
        synchronized (this) {
            SessionReport report = session.report();
            if (lastClosed == null || session.lastUsed() >= lastClosedUsed) {
                lastClosed = closedReport(report);
                lastClosedUsed = session.lastUsed();
            }
            open.remove(session);
        }
        session.close();
    }

    private void abandoned(Binding binding) {
        close(binding);
    }

    private static SessionReport closedReport(SessionReport r) {
        return new SessionReport(r.id(), r.model(), r.mode(), true, r.tokens(), r.phase(), 0, 0,
                r.hostEquivalentBytes(), r.attendedTokensPerStep(), r.deletedTokens(), r.recomputedTokens(),
                r.recalledTokens(), r.loadedBytes(), r.stallNanos(), r.keptMass(), 0);
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
