package io.alisa.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

import io.alisa.device.DeviceLostException;

/** The kernels as they are shipped: PTX, which the driver compiles for its card. */
final class Ptx {
    /** Compute capabilities that there is PTX for, the most demanding first. */
    private static final int[] TARGETS = {90, 80};

    private Ptx() {
    }

    /** The text for a card, ended by a zero as the driver wants it. */
    static byte[] fitFor(int capability) {
        for (int target : TARGETS) {
            if (capability >= target) {
                return read("alisa-sm_" + target + ".ptx");
            }
        }
        throw new DeviceLostException("its compute capability " + capability / 10 + "." + capability % 10
                + " is below 8.0, which the kernels need");
    }

    private static byte[] read(String name) {
        try (InputStream in = Ptx.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new DeviceLostException(name + " is missing from alisa-kernels-cuda.jar: use a released one");
            }
            byte[] text = in.readAllBytes();
            return Arrays.copyOf(text, text.length + 1);
        } catch (IOException e) {
            throw new DeviceLostException(name + " can't be read", e);
        }
    }
}
