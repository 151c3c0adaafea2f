package io.alisa.cuda;

import java.util.concurrent.atomic.AtomicLong;

import io.alisa.device.Device;
import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceStatus;
import io.alisa.parallel.WorkerTeam;
import io.alisa.tier.MemoryBudget;

/**
 * The GPU as a module that a whole host finds, asked however little there is to attend. At the end of the process it says how
 * many kernels it launched.
 */
public final class EagerModule implements DeviceModule {
    /** Called by ServiceLoader. */
    public EagerModule() {
    }

    @Override
    public String name() {
        return "CUDA";
    }

    @Override
    public DeviceStatus probe() {
        return new CudaModule().probe();
    }

    @Override
    public Device open(MemoryBudget budget, MemoryBudget ram) {
        AtomicLong launches = new AtomicLong();
        Driver counting = new FaultyDriver(new JCudaBinding(), Long.MAX_VALUE) {
            @Override
            public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
                    Arguments arguments) {
                launches.incrementAndGet();
                super.launch(kernel, gridX, gridY, gridZ, threads, stream, arguments);
            }
        };
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("launches=" + launches)));
        return new CudaDevice(counting, budget, new HostSide(ram, WorkerTeam.shared(), 0));
    }
}
