package io.alisa.save;

/**
 * Says whether a file is one that its reader can use. Asked as soon as its header turned out to be whole, before any memory is
 * taken, or anything is read, for what it claims: a file of holes costs nothing to send, whatever its size.
 */
@FunctionalInterface
public interface ManifestCheck {
    /**
     * Throws where it is not.
     *
     * @throws SaveException            with a sentence for the user
     * @throws IllegalArgumentException with the end of one, which the reader completes
     */
    void check(SessionManifest manifest) throws SaveException;
}
