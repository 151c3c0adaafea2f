package io.alisa.tier;

/** A tier's cap does not allow what a session needs. The message names the remedy. */
public final class MemoryFullException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MemoryFullException(String message) {
        super(message);
    }
}
