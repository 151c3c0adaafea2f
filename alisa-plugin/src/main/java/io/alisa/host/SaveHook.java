package io.alisa.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/** Called on behalf of an application that saves or restores a session. */
public interface SaveHook {
    /**
     * Saves a session.
     *
     * @param session by which the host knows it, or its reports
     * @return false where this host has none of that id
     * @throws IOException           where the file can't be written; nothing is left of it then
     * @throws IllegalStateException where the session can't be saved as it is
     */
    boolean save(UUID session, Path file) throws IOException;

    /**
     * Restores a session for one of this host's models.
     *
     * @return the id under which the host goes on with it
     * @throws IOException where the file is none that can be restored for this model; nothing has changed then
     */
    UUID restore(Object model, Path file) throws IOException;
}
