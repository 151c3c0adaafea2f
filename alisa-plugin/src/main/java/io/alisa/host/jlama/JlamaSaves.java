package io.alisa.host.jlama;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.TransformerBlock;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import io.alisa.host.Binding;
import io.alisa.host.ModelShape;
import io.alisa.host.RestoredSessions;
import io.alisa.host.SavedSessions;
import io.alisa.host.SavedSessions.Restored;
import io.alisa.host.SessionMode;
import io.alisa.host.Sessions;

/** Saves this host's sessions and restores them for its models. Thread-safe. */
final class JlamaSaves {
    /** Opens a session that nobody uses yet. */
    interface Opener {
        JlamaSession open(ModelShape shape, SessionMode mode, AbstractModel model);
    }

    private final Sessions sessions;
    private final Opener opener;
    private final RestoredSessions restored;
    private final ModelFingerprint fingerprint = new ModelFingerprint();

    JlamaSaves(Sessions sessions, Opener opener) {
        this.sessions = sessions;
        this.opener = opener;
        this.restored = new RestoredSessions(sessions);
    }

    // ---- saving

    boolean save(UUID id, Path file) throws IOException {
        JlamaSession found = null;
        Binding of = null;
        boolean closed = false;
        for (Binding binding : sessions.find(id)) {
            if (binding.session() instanceof JlamaSession session) {
                if (found != null) {
                    throw new IllegalStateException("Two models have a session " + id
                            + "; give each an id of its own");
                }
                found = session;
                of = binding;
            } else {
                closed |= binding.session() == null;
            }
        }
        if (found == null || of == null) {
            if (closed) {
                throw new IllegalStateException("Session " + id + " holds no keys and values (nothing was said yet, the"
                        + " host serves it alone, or it was closed); save one that is in use");
            }
            return false;
        }
        save(found, of, file);
        return true;
    }

    private void save(JlamaSession session, Binding binding, Path file) throws IOException {
        AbstractModel model = session.model();
        if (model == null) {
            throw new IllegalStateException("The model of this session is gone, so nobody could go on with it");
        }
        if (model.getConfig().dctx().hasModelShard()) {
            throw new IllegalStateException("Only a part of the model is here, so its sessions can't be saved");
        }
        String print = fingerprint.of(model);
        lockBetweenSteps(session, model);
        try {
            int tokens = session.kv().layer(0).tokens();
            int[] ids = binding.tokens().size() < tokens ? new int[0] : binding.tokens().first(tokens);
            SavedSessions.save(session, print, ids, file);
        } finally {
            session.kv().lock().unlock();
        }
    }

    /** A step holds the model's lock from its first layer to its last. */
    private static void lockBetweenSteps(JlamaSession session, AbstractModel model) {
        synchronized (JlamaAccess.blocks(model)) {
            session.kv().lock().lock();
        }
        if (session.kv().isClosed()) {
            session.kv().lock().unlock();
            throw new IllegalStateException("The session was closed just now; save one that is in use");
        }
    }

    // ---- restoring

    UUID restore(AbstractModel model, Path file) throws IOException {
        TransformerBlock[] blocks = JlamaAccess.blocks(model);
        ModelShape shape = blocks == null || blocks.length == 0 || JlamaShape.isEncoder(model)
                ? null
                : JlamaShape.of(JlamaAccess.attention(blocks[0]));
        if (shape == null || model.getConfig().dctx().hasModelShard()) {
            throw new IllegalStateException("ALISA does not serve this " + model.getModelType()
                    + " model as a whole, so it has no sessions to restore");
        }
        return restored.put(model, SavedSessions.restore(file, fingerprint.of(model), shape,
                model.getConfig().vocabularySize, mode -> opener.open(shape, mode, model)));
    }

    /** Hands a restored session over to the host's cache object of its id, which was just made. */
    void created(KvBuffer buffer, Binding binding) {
        UUID id = JlamaAccess.id(buffer);
        binding.setId(id);
        Restored waiting = restored.take(JlamaAccess.model(buffer), id);
        if (waiting != null) {
            binding.tokens().record(0, waiting.ids());
            binding.open(waiting.session());
            buffer.setCurrentContextPosition(waiting.ids().length);
        }
    }
}
