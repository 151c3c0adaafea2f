package io.alisa.device;

/**
 * A device that does not do what it is asked for: lost, or its driver answers with an error. Nothing that is on it is
 * missed, for it holds copies only.
 */
public class DeviceLostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DeviceLostException(String message) {
        super(message);
    }

    public DeviceLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
