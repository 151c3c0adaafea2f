package io.alisa.cuda;

import io.alisa.device.DeviceLostException;

/**
 * The driver has no memory for something that it takes some for by itself: the code of a kernel, a stream, a launch. Nothing
 * is lost: somebody else has what there is, and may give it back. Who can do without for a while catches it; to everybody
 * else it is a failure like others.
 */
final class DeviceFullException extends DeviceLostException {
    private static final long serialVersionUID = 1;

    DeviceFullException(String message) {
        super(message);
    }
}
