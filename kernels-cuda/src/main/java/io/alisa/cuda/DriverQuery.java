package io.alisa.cuda;

import java.nio.charset.StandardCharsets;

import io.alisa.device.DeviceStatus;
import jcuda.LogLevel;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Asks the driver for its first device. Its own class, so that loading the binding happens where it is caught. */
final class DriverQuery {
    private static final int LONGEST_NAME = 256;

    private DriverQuery() {
    }

    /** Throws LinkageError where there is no driver. */
    static DeviceStatus firstDevice() {
        JCudaDriver.setLogLevel(LogLevel.LOG_QUIET);
        JCudaDriver.setExceptionsEnabled(false); // results are looked at here
        int[] count = new int[1];
        CUdevice device = new CUdevice();
        int result = JCudaDriver.cuInit(0);
        if (result == CUresult.CUDA_SUCCESS) {
            result = JCudaDriver.cuDeviceGetCount(count);
        }
        if (result == CUresult.CUDA_SUCCESS && count[0] > 0) {
            result = JCudaDriver.cuDeviceGet(device, 0);
        }
        if (result != CUresult.CUDA_SUCCESS) {
            return new DeviceStatus(false, "the NVIDIA driver answers " + CUresult.stringFor(result),
                    "look at nvidia-smi: is a GPU there, and is the driver one for CUDA 12.6 or newer?");
        }
        return count[0] == 0
                ? new DeviceStatus(false, "the NVIDIA driver knows no GPU",
                        "in a container hand the GPU in; else look at CUDA_VISIBLE_DEVICES")
                : new DeviceStatus(true, describe(device, count[0]), null);
    }

    private static String describe(CUdevice device, int count) {
        byte[] name = new byte[LONGEST_NAME];
        long[] memory = new long[1];
        JCudaDriver.cuDeviceGetName(name, name.length, device);
        JCudaDriver.cuDeviceTotalMem(memory, device);
        String more = count == 1 ? "" : ", the first of " + count;
        return "%s, %.1f GiB, compute capability %d.%d, %d multiprocessors, %d KiB shared memory a block%s".formatted(
                text(name),
                memory[0] / (double) (1L << 30),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) >> 10,
                more);
    }

    static String text(byte[] zeroTerminated) {
        String all = new String(zeroTerminated, StandardCharsets.UTF_8);
        int end = all.indexOf('\0');
        return end < 0 ? all : all.substring(0, end);
    }

    private static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device);
        return value[0];
    }
}
