package io.alisa.cuda;

import io.alisa.device.DeviceLostException;

/** Clearing up after a device that may be lost: what it says to that is of no interest. */
final class Quietly {
    private Quietly() {
    }

    static void run(Runnable freeing) {
        try {
            freeing.run();
        } catch (DeviceLostException e) {
            // The driver gives everything back when the process ends.
        }
    }
}
