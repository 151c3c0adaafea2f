package io.alisa.cuda;

import io.alisa.device.DeviceLostException;

/** Clearing up after a device that may be lost: what it says to that is of no interest. */
final class Quietly {
    private Quietly() {
    }

    /** Frees what a driver gave, attached to its device where that still answers. */
    static void attached(Driver driver, Runnable freeing) {
        Driver.Attachment attachment = null;
        try {
            attachment = driver.attach();
        } catch (DeviceLostException e) {
            // It gives nothing back then; what is counted here is freed all the same.
        }
        try {
            freeing.run();
        } finally {
            if (attachment != null) {
                attachment.close();
            }
        }
    }

    static void run(Runnable freeing) {
        try {
            freeing.run();
        } catch (DeviceLostException e) {
            // The driver gives everything back when the process ends.
        }
    }
}
