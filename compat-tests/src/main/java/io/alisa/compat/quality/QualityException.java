package io.alisa.compat.quality;

/** The evaluation can't go on; the message says why and what cures it. */
final class QualityException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QualityException(String message) {
        super(message);
    }

    QualityException(String message, Throwable cause) {
        super(message, cause);
    }
}
