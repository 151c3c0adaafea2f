package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import io.alisa.device.DeviceFullException;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceShape;
import io.alisa.device.Placement;
import io.alisa.device.TokenChoice;
import org.jspecify.annotations.Nullable;

/**
 * A session's blocks on a GPU. A step of a layer is one launch: the block that ends last joins what the others found, and
 * writes a partial per query head to this machine's memory. A small copy goes with it, queries there, and another where
 * tokens are selected by the CPU; six launches and two copies where the device selects them.
 */
final class CudaKv implements DeviceKv {
    private final CudaDevice device;
    private final Driver driver;
    private final DeviceShape shape;
    private final int maxBlocks;
    private final LayerBlocks[] layers;
    private final Uploads uploads = new Uploads();
    private final AttendLaunch decode;
    private final AttendLaunch gather;
    private final AttendLaunch batch;
    private final SelectLaunch select;
    /** What was started last; null: nothing. */
    private @Nullable AttendLaunch started;
    /** That was a selection, or nothing. */
    private boolean selecting;
    private int startedPositions;
    /** Something was started, and nobody waited for it: what it uses must neither be given up nor replaced. */
    private boolean unfinished;
    private Driver.@Nullable Stream stream;
    private boolean closed;

    CudaKv(CudaDevice device, DeviceShape shape, int layerCount, int maxBlocks) {
        this.device = device;
        this.driver = device.driver();
        this.shape = shape;
        this.maxBlocks = maxBlocks;
        this.layers = new LayerBlocks[layerCount];
        for (int i = 0; i < layerCount; i++) {
            layers[i] = new LayerBlocks(device, shape, i, maxBlocks);
        }
        this.decode = new AttendLaunch(device, shape, AttendLaunch.Kind.DECODE, maxBlocks);
        this.gather = new AttendLaunch(device, shape, AttendLaunch.Kind.GATHER, maxBlocks);
        this.batch = new AttendLaunch(device, shape, AttendLaunch.Kind.BATCH, maxBlocks);
        this.select = new SelectLaunch(device, shape, maxBlocks);
    }

    @Override
    public Placement open() {
        if (closed || stream != null) {
            throw new IllegalStateException("It was opened before");
        }
        Placement opened = Placement.FULL;
        try (var _ = driver.attach()) {
            opened = take();
        } catch (DeviceFullException e) {
            // not even for kernels
        } catch (OutOfMemoryError e) {
            opened = Placement.REFUSED; // Java's
        } finally {
            if (opened != Placement.DONE) {
                Quietly.attached(driver, this::free);
            }
        }
        return opened;
    }

    /** Takes what all sessions need; for steps, too, for once blocks fill the device nothing is left for them. */
    private Placement take() {
        Driver.Stream made = driver.createStream();
        stream = made;
        for (LayerBlocks layer : layers) {
            Placement table = layer.open(made);
            if (table != Placement.DONE) {
                return table;
            }
        }
        Placement dense = decode.reserve(1, maxBlocks);
        return dense == Placement.DONE ? gather.reserve(1, maxBlocks) : dense;
    }

    private Driver.Stream stream() {
        Driver.Stream there = stream;
        if (closed || there == null) {
            throw new DeviceLostException("the session's device memory is closed");
        }
        return there;
    }

    private Driver.Attachment attach() {
        stream(); // or it is closed
        return driver.attach();
    }

    @Override
    public Placement put(int layer, int block, long address, long sketch) {
        try (var _ = attach()) {
            if (sketch != 0) {
                Placement table = layers[layer].openSketches(stream());
                if (table != Placement.DONE) {
                    return table;
                }
                prepareSelection(block + 1);
            }
            return layers[layer].put(block, address, sketch, uploads);
        } catch (DeviceFullException e) {
            return Placement.FULL;
        }
    }

    /** Waits for what was started and not finished. */
    private void quiesce(Driver.Stream on) {
        if (unfinished) {
            driver.synchronize(on);
            unfinished = false;
        }
    }

    /** Takes what selecting will need, where it can be had, before blocks take the room. */
    private void prepareSelection(int blocks) {
        quiesce(stream());
        try {
            select.reserve(blocks);
        } catch (DeviceFullException e) {
            // the CPU selects as long as there is none
        }
    }

    @Override
    public Placement putMeans(int layer, int index, long address) {
        try (var _ = attach()) {
            return layers[layer].putMeans(index, address, uploads, stream());
        } catch (DeviceFullException e) {
            return Placement.FULL;
        }
    }

    @Override
    public void upload(int layer) {
        if (uploads.count() > 0) {
            try (var _ = attach()) {
                layers[layer].upload(uploads);
            }
        }
    }

    @Override
    public void settle() {
        for (LayerBlocks layer : layers) {
            if (layer.isUnderWay()) {
                Quietly.attached(driver, layer::settle);
            }
        }
    }

    @Override
    public void forget(int layer, int firstBlock) {
        try (var _ = attach()) {
            quiesce(stream());
            layers[layer].forget(firstBlock);
        }
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
        return device.isTuned(shape.headSize()) && batch.fits(positions)
                && start(batch, layer, blocks, queries, null, positions);
    }

    @Override
    public boolean begin(int layer, int blocks, float[] queries, TokenChoice choice) {
        Driver.Stream on = stream();
        started = null;
        selecting = false;
        try (var _ = attach()) {
            quiesce(on);
            if (!select.reserve(blocks)) {
                return false;
            }
            unfinished = true;
            layers[layer].bringUpToDate(on);
            select.start(layers[layer], blocks, queries, choice, on);
        } catch (DeviceFullException e) {
            return false;
        }
        selecting = true;
        return true;
    }

    private boolean start(AttendLaunch launch, int layer, int blocks, float[] queries, long @Nullable [][] selected,
            int positions) {
        Driver.Stream on = stream();
        started = null;
        selecting = false;
        try (var _ = attach()) {
            quiesce(on);
            if (launch.reserve(positions, blocks) != Placement.DONE) {
                return false;
            }
            unfinished = true;
            layers[layer].bringUpToDate(on);
            launch.start(layers[layer].blocks(), blocks, queries, selected, positions, on);
        } catch (DeviceFullException e) {
            return false;
        }
        started = launch;
        startedPositions = positions;
        return true;
    }

    @Override
    public void finish(float[] max, float[] sum, float[] values) {
        AttendLaunch launch = started;
        started = null;
        try (var _ = attach()) {
            if (launch != null) {
                read(launch.await(), shape.rows(startedPositions), max, sum, values);
            } else if (selecting) {
                read(select.await(), shape.rows(1), max, sum, values);
            } else {
                throw new IllegalStateException("Nothing was started");
            }
            unfinished = false;
        }
    }

    private void read(MemorySegment partials, int rows, float[] max, float[] sum, float[] values) {
        int floats = Geometry.partialFloats(shape.headSize());
        for (int row = 0; row < rows; row++) {
            long at = (long) row * floats * Float.BYTES;
            max[row] = partials.get(ValueLayout.JAVA_FLOAT, at);
            sum[row] = partials.get(ValueLayout.JAVA_FLOAT, at + Float.BYTES);
            MemorySegment.copy(partials, ValueLayout.JAVA_FLOAT, at + (long) Geometry.PARTIAL_HEAD * Float.BYTES,
                    values,
                    row * shape.rowStride(), shape.headSize());
        }
    }

    @Override
    public void selected(long[][] selected) {
        if (!selecting) {
            throw new IllegalStateException("Nothing was selected");
        }
        select.copySelected(selected);
    }

    @Override
    public void rest() {
        started = null;
        selecting = false;
        try (var _ = attach()) {
            quiesce(stream());
            batch.rest();
            select.rest();
        }
    }

    @Override
    public long bytes() {
        long bytes = decode.bytes() + gather.bytes() + batch.bytes() + select.bytes();
        for (LayerBlocks layer : layers) {
            bytes += layer.bytes();
        }
        return bytes;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Quietly.attached(driver, this::free);
    }

    /** Waits first, for tables, too, that are zeroed when they are opened: the driver need not wait by itself. */
    private void free() {
        Driver.Stream there = stream;
        stream = null;
        if (there != null) {
            Quietly.run(() -> driver.synchronize(there));
        }
        for (LayerBlocks layer : layers) {
            layer.close();
        }
        decode.close();
        gather.close();
        batch.close();
        select.close();
        if (there != null) {
            Quietly.run(() -> driver.destroy(there));
        }
    }
}
