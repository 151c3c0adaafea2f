package io.alisa.device;

/**
 * There is no memory for something that a device or its driver takes some for by itself: the code of a kernel, a stream, a
 * launch, pinned memory. Nothing is lost: somebody else has what there is, and may give it back. Who can do without for a while
 * catches it; to everybody else it is a failure like others.
 */
public final class DeviceFullException extends DeviceLostException {
    private static final long serialVersionUID = 1;

    public DeviceFullException(String message) {
        super(message);
    }
}
