package io.alisa.cuda;

import java.lang.foreign.MemorySegment;

import io.alisa.device.Device;
import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceStatus;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryBudget;

/**
 * The emulated device as a module that a whole host finds. {@code test.device.launches} and {@code test.device.selections} say
 * how many kernels it launched so far and how often it selected; at the end of the process it prints them.
 * {@code test.device.calls} says how many calls of the driver succeed.
 */
public final class EmulatedModule implements DeviceModule {
    /** Called by ServiceLoader. */
    public EmulatedModule() {
    }

    @Override
    public String name() {
        return "CUDA";
    }

    @Override
    public DeviceStatus probe() {
        return new DeviceStatus(true, "an emulated device", null);
    }

    @Override
    public Device open(MemoryBudget budget, MemoryBudget ram) {
        JavaDriver driver = new EmulatedDriver() {
            @Override
            void run(String name, int gridX, int gridY, int gridZ, int threads, int sharedBytes,
                    MemorySegment parameters) {
                super.run(name, gridX, gridY, gridZ, threads, sharedBytes, parameters);
                System.setProperty("test.device.launches", Long.toString(launches()));
                System.setProperty("test.device.selections", Long.toString(selections()));
            }
        };
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println(
                "emulated launches=" + driver.launches() + " selections=" + driver.selections() + " peak="
                        + budget.peak() + " closed=" + driver.isClosed())));
        return new CudaDevice(new FaultyDriver(driver, Long.getLong("test.device.calls", Long.MAX_VALUE)), budget,
                new HostSide(ram, WorkerTeam.shared(), 0));
    }
}
