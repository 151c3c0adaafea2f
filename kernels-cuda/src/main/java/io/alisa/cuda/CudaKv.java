package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceShape;
import org.jspecify.annotations.Nullable;

/**
 * A session's blocks on a GPU. A step of a layer is one launch: the block that ends last joins what the others found. Two
 * small copies go with it, queries there and a partial per query head back, and a third where tokens are selected.
 */
final class CudaKv implements DeviceKv {
    private final CudaDevice device;
    private final Driver driver;
    private final DeviceShape shape;
    private final int maxBlocks;
    private final LayerTable[] tables;
    private final AttendLaunch decode;
    private final AttendLaunch gather;
    private final AttendLaunch batch;
    /** What was started last; null: nothing. */
    private @Nullable AttendLaunch started;
    private int startedPositions;
    private Driver.@Nullable Stream stream;
    private long blocksHeld;
    private boolean closed;

    CudaKv(CudaDevice device, DeviceShape shape, int layers, int maxBlocks) {
        this.device = device;
        this.driver = device.driver();
        this.shape = shape;
        this.maxBlocks = maxBlocks;
        this.tables = new LayerTable[layers];
        this.decode = new AttendLaunch(device, shape, AttendLaunch.Kind.DECODE, maxBlocks);
        this.gather = new AttendLaunch(device, shape, AttendLaunch.Kind.GATHER, maxBlocks);
        this.batch = new AttendLaunch(device, shape, AttendLaunch.Kind.BATCH, maxBlocks);
    }

    /** Takes what it needs in any case. Returns false where there is no room. */
    boolean open() {
        Driver.Stream made = driver.createStream();
        stream = made;
        for (int i = 0; i < tables.length; i++) {
            tables[i] = new LayerTable(driver, device.account(), maxBlocks);
            if (!tables[i].open(made)) {
                return false;
            }
        }
        return decode.reserve(1, maxBlocks);
    }

    private Driver.Stream stream() {
        Driver.Stream there = stream;
        if (closed || there == null) {
            throw new DeviceLostException("the session's device memory is closed");
        }
        driver.attach();
        return there;
    }

    @Override
    public boolean put(int layer, int block, long address) {
        stream();
        SlabPool.Place place = device.pool().take(shape.blockBytes());
        if (place == null) {
            return false;
        }
        tables[layer].set(block, place);
        blocksHeld++;
        device.staging().copy(address, shape.blockBytes(), place.memory(), place.offset(), tables[layer].arrived());
        return true;
    }

    @Override
    public void forget(int layer, int firstBlock) {
        stream();
        blocksHeld -= tables[layer].forget(firstBlock, device.pool());
    }

    @Override
    public boolean begin(int layer, int blocks, float[] queries) {
        return start(decode, layer, blocks, queries, null, 1);
    }

    @Override
    public boolean begin(int layer, int blocks, float[] queries, long[][] selected) {
        return start(gather, layer, blocks, queries, selected, 1);
    }

    @Override
    public boolean beginBatch(int layer, int blocks, float[] queries, int positions) {
        return device.isTuned(shape.headSize()) && start(batch, layer, blocks, queries, null, positions);
    }

    private boolean start(AttendLaunch launch, int layer, int blocks, float[] queries, long @Nullable [][] selected,
            int positions) {
        Driver.Stream on = stream();
        started = null;
        if (!launch.reserve(positions, blocks)) {
            return false;
        }
        tables[layer].bringUpToDate(on);
        launch.start(tables[layer].address(), blocks, queries, selected, positions, on);
        started = launch;
        startedPositions = positions;
        return true;
    }

    @Override
    public void finish(float[] max, float[] sum, float[] values) {
        stream();
        AttendLaunch launch = started;
        if (launch == null) {
            throw new IllegalStateException("Nothing was started");
        }
        started = null;
        MemorySegment partials = launch.await();
        int floats = Geometry.partialFloats(shape.headSize());
        for (int row = 0; row < shape.rows(startedPositions); row++) {
            long at = (long) row * floats * Float.BYTES;
            max[row] = partials.get(ValueLayout.JAVA_FLOAT, at);
            sum[row] = partials.get(ValueLayout.JAVA_FLOAT, at + Float.BYTES);
            MemorySegment.copy(partials, ValueLayout.JAVA_FLOAT, at + (long) Geometry.PARTIAL_HEAD * Float.BYTES,
                    values,
                    row * shape.rowStride(), shape.headSize());
        }
    }

    @Override
    public long bytes() {
        long bytes = blocksHeld * shape.blockBytes() + decode.bytes() + gather.bytes() + batch.bytes();
        for (LayerTable table : tables) {
            bytes += table == null ? 0 : table.bytes();
        }
        return bytes;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Quietly.run(driver::attach);
        for (LayerTable table : tables) {
            if (table != null) {
                table.close(device.pool());
            }
        }
        decode.close();
        gather.close();
        batch.close();
        Driver.Stream there = stream;
        if (there != null) {
            Quietly.run(() -> driver.destroy(there));
        }
    }
}
