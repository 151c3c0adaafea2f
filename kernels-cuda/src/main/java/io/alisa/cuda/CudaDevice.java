package io.alisa.cuda;

import io.alisa.device.Device;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceShape;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;

/** A GPU: its pool of blocks and the way there, shared by all sessions. */
final class CudaDevice implements Device {
    private final Driver driver;
    private final Driver.Facts facts;
    private final MemoryAccount account;
    private final SlabPool pool;
    private final PinnedPool pinned;
    private final StagingRing staging;
    private final PinnedRanges ranges;
    private final DirectCopies direct;
    private final long leastBytes;

    /** @param driver is closed along with this, also where this can't be made */
    CudaDevice(Driver driver, MemoryBudget budget, HostSide host) {
        this.driver = driver;
        this.facts = driver.facts();
        this.account = budget.open(bytes -> {
            // sessions give back, by the tier's choice: this one only counts
        });
        this.pool = new SlabPool(driver, account);
        this.pinned = new PinnedPool(driver, host.ram());
        this.leastBytes = host.leastBytes();
        boolean made = false;
        try (var _ = driver.attach()) {
            this.staging = new StagingRing(driver, pinned, host.team());
            this.ranges = new PinnedRanges(driver);
            this.direct = openDirect();
            made = true;
        } finally {
            if (!made) {
                account.close();
                driver.close();
            }
        }
    }

    private DirectCopies openDirect() {
        boolean made = false;
        try {
            DirectCopies copies = new DirectCopies(driver, ranges);
            made = true;
            return copies;
        } finally {
            if (!made) {
                staging.close();
            }
        }
    }

    Driver driver() {
        return driver;
    }

    MemoryAccount account() {
        return account;
    }

    SlabPool pool() {
        return pool;
    }

    PinnedPool pinned() {
        return pinned;
    }

    StagingRing staging() {
        return staging;
    }

    DirectCopies direct() {
        return direct;
    }

    Geometry geometry() {
        return new Geometry(facts.multiprocessors());
    }

    /** Whether there are kernels made for a head size that this card can run; any other is served more slowly. */
    boolean isTuned(int headSize) {
        return Geometry.isTuned(headSize) && facts.capability() >= Ptx.TUNED_CAPABILITY;
    }

    @Override
    public String describe() {
        return facts.name();
    }

    @Override
    public long leastBytes() {
        return leastBytes;
    }

    @Override
    public long freeBytes() {
        try (var _ = driver.attach()) {
            return driver.freeBytes();
        }
    }

    @Override
    public boolean serves(DeviceShape shape) {
        return shape.headSize() <= Geometry.LARGEST_HEAD
                && (!isTuned(shape.headSize())
                        || Geometry.neededSharedBytes(shape.headSize()) <= facts.sharedBytes());
    }

    @Override
    public @Nullable DeviceKv prepareKv(DeviceShape shape, int layers, int maxBlocks) {
        try {
            return new CudaKv(this, shape, layers, maxBlocks);
        } catch (OutOfMemoryError e) {
            return null; // for the structures that are handed to kernels
        }
    }

    @Override
    public void pin(long address, long bytes) {
        ranges.pin(address, bytes);
    }

    @Override
    public void unpin(long address) {
        ranges.unpin(address);
    }

    @Override
    public void close() {
        Quietly.attached(driver, () -> {
            direct.close();
            ranges.close();
            staging.close();
            pool.close();
        });
        account.close();
        driver.close();
    }
}
