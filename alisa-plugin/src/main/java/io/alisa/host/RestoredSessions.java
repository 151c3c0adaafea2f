package io.alisa.host;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Sessions that were restored and that the host has not asked for yet, by their model, weakly. Each waits as one does that was
 * closed, but for the cache object that the host has yet to make: it can be saved, its tokens pinned; its KV gives way to open
 * sessions, its ids to those of sessions closed later. Thread-safe.
 */
final class RestoredSessions {
    private final IdentityTable<Map<UUID, Binding>> waiting = new IdentityTable<>(Map::clear);
    private volatile boolean used;

    synchronized void put(Object model, UUID id, Binding binding) {
        waiting.purge();
        Map<UUID, Binding> ofModel = waiting.get(model);
        if (ofModel == null) {
            ofModel = new HashMap<>();
            waiting.put(model, ofModel);
        }
        ofModel.put(id, binding);
        used = true;
    }

    /** The one that waits for a cache object of that id; null: none does. It does not wait any more. */
    @Nullable
    Binding take(Object model, UUID id) {
        return used ? takeFrom(model, id) : null; // nearly always none was ever restored
    }

    private synchronized @Nullable Binding takeFrom(Object model, UUID id) {
        Map<UUID, Binding> ofModel = waiting.get(model);
        return ofModel == null ? null : ofModel.remove(id);
    }

    /** Those of an id: it is drawn by chance, so there is one at most. */
    synchronized List<Binding> find(UUID id) {
        return waiting.values().stream().map(ofModel -> ofModel.get(id)).filter(Objects::nonNull).toList();
    }
}
