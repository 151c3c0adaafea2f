package io.alisa.compat;

/** A helper JVM crashed or hung; the message has its output. */
public final class HostProcessException extends RuntimeException {
    HostProcessException(String message) {
        super(message);
    }
}
