package io.alisa.host;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

import io.alisa.cache.PinnedSpans;
import io.alisa.host.SavedSessions.Restored;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that were restored and that the host has not asked for yet, by their model, weakly. Their KV is kept as that of
 * closed sessions is: it gives way to open ones, and is computed again from the ids where that happened. Thread-safe.
 */
public final class RestoredSessions {
    private static final int NONE = -1;

    /** Without the session: what is kept of it may go, its ids stay. */
    record Waiting(WeakReference<Branch> branch, TokenLog tokens, SessionMode mode, int pendingToken, boolean marked,
            PinnedSpans pinned) {
    }

    private final Sessions sessions;
    private final IdentityTable<Map<UUID, Waiting>> waiting = new IdentityTable<>(Map::clear);
    private volatile boolean used;

    public RestoredSessions(Sessions sessions) {
        this.sessions = sessions;
    }

    /** Keeps a session until the host asks for it. Returns its id. */
    public UUID put(Object model, Restored restored) {
        TokenLog tokens = new TokenLog();
        tokens.record(0, restored.ids());
        Branch branch = sessions.kept().restored(model, restored.session(), tokens, restored.computed());
        UUID id = UUID.randomUUID();
        synchronized (this) {
            waiting.purge();
            Map<UUID, Waiting> ofModel = waiting.get(model);
            if (ofModel == null) {
                ofModel = new HashMap<>();
                waiting.put(model, ofModel);
            }
            ofModel.put(id, new Waiting(new WeakReference<>(branch), tokens, restored.session().mode(),
                    restored.pendingToken(), restored.marked(), restored.pinned()));
        }
        used = true;
        return id;
    }

    /**
     * Has a cache object of the host that was just made go on with the session that waits for its id.
     *
     * @return where the host must believe the next prompt to begin; negative: no session waits
     */
    public int adopt(Object model, UUID id, Binding binding) {
        if (!used) { // as nearly always
            return NONE;
        }
        Waiting found = take(model, id);
        if (found == null) {
            return NONE;
        }
        Branch branch = found.branch().get();
        boolean there = branch != null && sessions.kept().handOver(branch, found.tokens(), binding.tokens());
        return binding.adopt(there ? branch : null, found);
    }

    private synchronized @Nullable Waiting take(Object model, UUID id) {
        Map<UUID, Waiting> ofModel = waiting.get(model);
        return ofModel == null ? null : ofModel.remove(id);
    }
}
