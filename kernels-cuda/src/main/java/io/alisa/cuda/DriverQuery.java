package io.alisa.cuda;

import static io.alisa.cuda.JCudaCall.check;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceStatus;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

/** Asks the driver for its first device. Its own class, so that loading the binding happens where it is caught. */
final class DriverQuery {
    private static final int LONGEST_NAME = 256;

    private DriverQuery() {
    }

    /** Throws LinkageError where there is no driver. */
    static DeviceStatus firstDevice() {
        int[] count = new int[1];
        int[] version = new int[1];
        CUdevice device = new CUdevice();
        try {
            check("cuInit", () -> JCudaDriver.cuInit(0));
            check("cuDeviceGetCount", () -> JCudaDriver.cuDeviceGetCount(count));
            if (count[0] == 0) {
                return new DeviceStatus(false, "the NVIDIA driver knows no GPU",
                        "in a container hand the GPU in; else look at CUDA_VISIBLE_DEVICES");
            }
            check("cuDriverGetVersion", () -> JCudaDriver.cuDriverGetVersion(version));
            check("cuDeviceGet", () -> JCudaDriver.cuDeviceGet(device, 0));
            return status(describe(device, count[0]), capability(device), version[0]);
        } catch (DeviceLostException e) {
            return new DeviceStatus(false, "the NVIDIA driver fails: " + e.getMessage(),
                    "look at nvidia-smi: is a GPU there, and is the driver one for CUDA 12.3 or newer?");
        }
    }

    /**
     * Whether a device that is there can be used.
     *
     * @param driver its driver's CUDA version, 12030 for 12.3
     */
    static DeviceStatus status(String description, int capability, int driver) {
        if (capability < Ptx.LEAST_CAPABILITY) {
            return new DeviceStatus(false, description + ": too old for the kernels",
                    "use a GPU of compute capability " + Ptx.version(Ptx.LEAST_CAPABILITY) + " or newer");
        }
        if (driver < Ptx.LEAST_DRIVER) {
            return new DeviceStatus(false,
                    description + ": its driver is for CUDA " + Ptx.driverVersion(driver) + ", too old for the kernels",
                    "install an NVIDIA driver for CUDA " + Ptx.driverVersion(Ptx.LEAST_DRIVER)
                            + " or newer, 545 and up");
        }
        return new DeviceStatus(true, description, null);
    }

    private static String describe(CUdevice device, int count) {
        byte[] name = new byte[LONGEST_NAME];
        long[] memory = new long[1];
        check("cuDeviceGetName", () -> JCudaDriver.cuDeviceGetName(name, name.length, device));
        check("cuDeviceTotalMem", () -> JCudaDriver.cuDeviceTotalMem(memory, device));
        String more = count == 1 ? "" : ", the first of " + count;
        return String.format(Locale.ROOT,
                "%s, %.1f GiB, compute capability %s, %d multiprocessors, %d KiB shared memory a block%s",
                text(name),
                memory[0] / (double) (1L << 30),
                Ptx.version(capability(device)),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) >> 10,
                more);
    }

    /** Its compute capability, 90 for 9.0. */
    static int capability(CUdevice device) {
        return 10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    }

    static String text(byte[] zeroTerminated) {
        String all = new String(zeroTerminated, StandardCharsets.UTF_8);
        int end = all.indexOf('\0');
        return end < 0 ? all : all.substring(0, end);
    }

    static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        check("cuDeviceGetAttribute", () -> JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
        return value[0];
    }
}
