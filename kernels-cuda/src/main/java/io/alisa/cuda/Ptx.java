package io.alisa.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.alisa.device.DeviceLostException;

/** The kernels as they are shipped: PTX, which the driver compiles for its card; a module per head size. */
final class Ptx {
    /** Compute capability that the fast kernels need: they copy past the registers, as cards do since Ampere. */
    static final int TUNED_CAPABILITY = 80;
    /** What the others need. */
    static final int LEAST_CAPABILITY = 75;

    /** CUDA version of the oldest driver that knows PTX 8.3, in which they are written: 12030 is 12.3. */
    static final int LEAST_DRIVER = 12030;

    private static final Pattern HEAD_SIZE = Pattern.compile("_h(\\d+)$");

    private Ptx() {
    }

    /** Throws where a card is too old. */
    static void check(int capability) {
        if (capability < LEAST_CAPABILITY) {
            throw new DeviceLostException("its compute capability " + version(capability) + " is below "
                    + version(LEAST_CAPABILITY) + ", which the kernels need");
        }
    }

    /** A compute capability as it is written. */
    static String version(int capability) {
        return capability / 10 + "." + capability % 10;
    }

    /** A driver's CUDA version as it is written. */
    static String driverVersion(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    /** The module that a kernel is in. */
    static String moduleOf(String kernel) {
        Matcher matcher = HEAD_SIZE.matcher(kernel);
        return matcher.find() ? "attention-h" + matcher.group(1) : "common";
    }

    /** The text of a module, ended by a zero as the driver wants it. */
    static byte[] read(String module, int capability) {
        check(capability);
        String name = module + ".ptx";
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
