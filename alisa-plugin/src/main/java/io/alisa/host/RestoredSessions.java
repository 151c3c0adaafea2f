package io.alisa.host;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

import io.alisa.host.SavedSessions.Restored;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that were restored and that the host has not asked for yet: by their model, weakly, for without it nobody can
 * go on with them. Thread-safe.
 */
public final class RestoredSessions {
    private final Sessions sessions;
    private final IdentityTable<Map<UUID, Restored>> waiting = new IdentityTable<>(this::abandoned);
    private volatile boolean used;

    public RestoredSessions(Sessions sessions) {
        this.sessions = sessions;
    }

    /** Keeps a session until the host asks for it. Returns its id. */
    public synchronized UUID put(Object model, Restored restored) {
        Map<UUID, Restored> ofModel = waiting.get(model);
        if (ofModel == null) {
            ofModel = new HashMap<>();
            waiting.put(model, ofModel);
        }
        if (!used) {
            used = true;
            new SessionReaper(waiting).start();
        }
        UUID id = UUID.randomUUID();
        ofModel.put(id, restored);
        sessions.opened(restored.session());
        return id;
    }

    /** The session of that id and model, which the host is about to go on with; null where there is none. */
    public @Nullable Restored take(Object model, UUID id) {
        if (!used) { // as nearly always
            return null;
        }
        synchronized (this) {
            Map<UUID, Restored> ofModel = waiting.get(model);
            return ofModel == null ? null : ofModel.remove(id);
        }
    }

    private synchronized void abandoned(Map<UUID, Restored> ofModel) {
        ofModel.values().forEach(restored -> sessions.close(restored.session()));
        ofModel.clear();
    }
}
