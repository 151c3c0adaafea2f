package io.alisa.host.jlama;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.model.TransformerBlock;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import io.alisa.host.Binding;
import io.alisa.host.ModelShape;
import io.alisa.host.SavedSessions;
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
    private final ModelFingerprint fingerprint = new ModelFingerprint();

    JlamaSaves(Sessions sessions, Opener opener) {
        this.sessions = sessions;
        this.opener = opener;
    }

    // ---- saving

    /** Returns false where this host has no keys and values of that id. */
    boolean save(UUID id, Path file) throws IOException {
        Binding found = null;
        for (Binding binding : sessions.find(id)) { // those of other hosts in the process, too
            if (binding.held() instanceof JlamaSession) {
                if (found != null) {
                    throw new IllegalStateException("Two models have a session " + id
                            + "; give each an id of its own");
                }
                found = binding;
            }
        }
        if (found != null && found.held() instanceof JlamaSession session) {
            save(session, found, file);
            return true;
        }
        return false;
    }

    private void save(JlamaSession session, Binding binding, Path file) throws IOException {
        AbstractModel model = session.model();
        if (model == null) {
            throw new IllegalStateException("The model of this session is gone, so nobody could go on with it");
        }
        if (isPart(model)) {
            throw new IllegalStateException("Only a part of the model is here, so its sessions can't be saved");
        }
        String print = fingerprint.of(model);
        TransformerBlock[] blocks = JlamaAccess.blocks(model);
        boolean saved = ModelTurns.take(blocks, session.kv(), () -> beginSaving(session, binding, model, print, file));
        if (!saved) {
            try {
                SavedSessions.save(session, binding, print, JlamaAccess.addsBeginning(model), file);
            } finally {
                unlock(session);
            }
        }
    }

    /** Locks the session; saves it at once, and unlocks it, where that takes the host's blocks. Returns whether it did. */
    private boolean beginSaving(JlamaSession session, Binding binding, AbstractModel model, String print, Path file)
            throws IOException {
        lock(session, binding);
        if (session.kv().deletedTokens() == 0) {
            return false;
        }
        try {
            saveComputingAgain(session, binding, model, print, file);
        } finally {
            unlock(session);
        }
        return true;
    }

    private static boolean isPart(AbstractModel model) {
        DistributedContext context = model.getConfig().dctx();
        return context.hasModelShard() || context.numberOfLayers != model.getConfig().numberOfLayers;
    }

    private static void lock(JlamaSession session, Binding binding) {
        session.kv().lock().lock();
        if (session.kv().isClosed() || binding.held() != session) { // it gave way, or another one took it over
            session.kv().lock().unlock();
            throw new IllegalStateException("This session" + SavedSessions.GONE);
        }
        session.kv().setBeingSaved(true); // others that want memory of it are not to wait for the disk
    }

    private static void unlock(JlamaSession session) {
        session.kv().setBeingSaved(false);
        session.kv().lock().unlock();
    }

    /**
     * What is deleted is computed again by the host's blocks, which keep a step at hand in shared fields: no other session of
     * the model may step meanwhile. The host is given a cache object of nobody's, through which it comes back to the session.
     */
    private void saveComputingAgain(JlamaSession session, Binding binding, AbstractModel model, String print, Path file)
            throws IOException {
        try (KvBuffer buffer = new KvBufferCache(model).getEphemeralKvBuffer()) {
            Binding lent = sessions.bind(buffer);
            lent.lend(session);
            session.recomputer().enter(model, buffer);
            try {
                SavedSessions.save(session, binding, print, JlamaAccess.addsBeginning(model), file);
            } finally {
                session.recomputer().leave();
                lent.lend(null);
            }
        }
    }

    // ---- restoring

    UUID restore(AbstractModel model, Path file) throws IOException {
        TransformerBlock[] blocks = JlamaAccess.blocks(model);
        ModelShape shape = blocks == null || blocks.length == 0 || JlamaShape.isEncoder(model)
                ? null
                : JlamaShape.of(JlamaAccess.attention(blocks[0]));
        if (shape == null || isPart(model)) {
            throw new IllegalStateException("ALISA does not serve this " + model.getModelType()
                    + " model as a whole, so it has no sessions to restore");
        }
        return sessions.restored(model, SavedSessions.restore(file, fingerprint.of(model), shape,
                model.getConfig().vocabularySize, JlamaAccess.addsBeginning(model),
                mode -> opener.open(shape, mode, model)));
    }

    /** Has a cache object that was just made go on with the restored session that waits for its id. */
    void created(KvBuffer buffer) {
        int position = sessions.created(buffer, JlamaAccess.model(buffer), JlamaAccess.id(buffer)).next();
        if (position > 0) {
            buffer.setCurrentContextPosition(position);
        }
    }
}
