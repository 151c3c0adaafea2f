package io.alisa.cuda;

import io.alisa.device.Device;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceStatus;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryBudget;

/** NVIDIA GPUs: whether there is one with a driver that answers. Looks once per process and remembers. */
public final class CudaModule implements DeviceModule {
    /** Called by ServiceLoader. */
    public CudaModule() {
    }

    @Override
    public String name() {
        return "CUDA";
    }

    @Override
    public DeviceStatus probe() {
        return Found.STATUS;
    }

    @Override
    public Device open(MemoryBudget budget, MemoryBudget ram) {
        try {
            return new CudaDevice(new JCudaBinding(), budget,
                    new HostSide(ram, WorkerTeam.shared(), HostSide.WORTH_A_LAUNCH));
        } catch (LinkageError e) {
            throw new DeviceLostException(Found.firstLine(e), e);
        }
    }

    /** Initialised on first use, and only then: whoever does not ask does not load the driver. */
    private static final class Found {
        static final DeviceStatus STATUS = look();

        /** The binding throws UnsatisfiedLinkError the first time and NoClassDefFoundError ever after. */
        private static DeviceStatus look() {
            try {
                return DriverQuery.firstDevice();
            } catch (LinkageError e) {
                return new DeviceStatus(false, firstLine(e), remedy(e));
            }
        }

        private static String firstLine(LinkageError e) {
            String message = String.valueOf(e.getMessage());
            // JCuda's message is a page that holds the stack traces of every attempt.
            return message.contains("libcuda.so")
                    ? "no NVIDIA driver: libcuda.so.1 not found"
                    : "JCuda can't be loaded: " + message.lines().findFirst().orElse(e.toString());
        }

        private static String remedy(LinkageError e) {
            return String.valueOf(e.getMessage()).contains("libcuda.so")
                    ? "install the NVIDIA driver; in a container start it with the GPU handed in"
                    : "put jcuda-12.6.0.jar and jcuda-natives-12.6.0-linux-x86_64.jar on the class path";
        }
    }
}
