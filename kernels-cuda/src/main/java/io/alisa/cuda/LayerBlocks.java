package io.alisa.cuda;

import io.alisa.device.DeviceFullException;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceShape;
import io.alisa.device.Placement;
import org.jspecify.annotations.Nullable;

/** What of a layer is on the device: blocks, and where they are digested their sketches and means. Owned by one session. */
final class LayerBlocks {
    private final Driver driver;
    private final SlabPool pool;
    private final StagingRing staging;
    private final DirectCopies direct;
    private final int layer;
    private final DeviceShape shape;
    private final AddressTable blocks;
    private final AddressTable sketches;
    private final AddressTable means;
    /** Marks that what was copied last has arrived. */
    private Driver.@Nullable Event arrived;
    /** Something was copied since the last launch. */
    private boolean uploading;
    /** Something may be on its way. */
    private boolean underWay;
    /** The way that was taken last: two of a layer's copies must not be under way on different ones. */
    private boolean byKernel;
    private long bytesHeld;

    LayerBlocks(CudaDevice device, DeviceShape shape, int layer, int maxBlocks) {
        this.driver = device.driver();
        this.pool = device.pool();
        this.staging = device.staging();
        this.direct = device.direct();
        this.layer = layer;
        this.shape = shape;
        this.blocks = new AddressTable(device, maxBlocks);
        this.sketches = new AddressTable(device, maxBlocks);
        this.means = new AddressTable(device, meansOf(maxBlocks));
    }

    /** Blocks of means of so many blocks. */
    private static int meansOf(int blocks) {
        return (blocks + Geometry.BLOCK_TOKENS - 1) / Geometry.BLOCK_TOKENS;
    }

    /** Takes what it needs in any case. */
    Placement open(Driver.Stream stream) {
        Placement opened = blocks.open(stream);
        if (opened == Placement.DONE) {
            arrived = driver.createEvent();
        }
        return opened;
    }

    /** Takes what sketches need in any case. */
    Placement openSketches(Driver.Stream stream) {
        return sketches.open(stream);
    }

    /** Address of the list of blocks. */
    long blocks() {
        return blocks.address();
    }

    /** Address of the list of sketches. */
    long sketches() {
        return sketches.address();
    }

    /** Address of the list of means. */
    long means() {
        return means.address();
    }

    /** See {@link io.alisa.device.DeviceKv#put}; {@link #openSketches} comes before those. */
    Placement put(int block, long address, long sketch, Uploads uploads) {
        SlabPool.Place place = pool.take(shape.blockBytes());
        if (place == null) {
            return Placement.FULL;
        }
        if (sketch != 0) {
            SlabPool.Place ofSketch = pool.take(shape.sketchBytes());
            if (ofSketch == null) {
                pool.give(place);
                return Placement.FULL;
            }
            sketches.set(block, ofSketch);
            uploads.add(sketch, ofSketch);
            bytesHeld += ofSketch.blockBytes();
        }
        blocks.set(block, place);
        uploads.add(address, place);
        bytesHeld += place.blockBytes();
        return Placement.DONE;
    }

    /** See {@link io.alisa.device.DeviceKv#putMeans}. */
    Placement putMeans(int index, long address, Uploads uploads, Driver.Stream stream) {
        Placement opened = means.open(stream);
        if (opened != Placement.DONE) {
            return opened;
        }
        SlabPool.Place place = means.place(index);
        if (place == null) {
            place = pool.take(shape.blockBytes());
            if (place == null) {
                return Placement.FULL;
            }
            means.set(index, place);
            bytesHeld += place.blockBytes();
        }
        uploads.add(address, place);
        return Placement.DONE;
    }

    /** Copies what was put, see {@link io.alisa.device.DeviceKv#upload}. */
    void upload(Uploads uploads) {
        Driver.Event done = arrived;
        if (done == null) {
            throw new DeviceLostException("a layer's table is closed");
        }
        if (!direct.serves(uploads) || !copyByKernel(uploads, done)) {
            take(false);
            staging.copy(uploads, done);
        }
        uploads.clear();
    }

    /** Returns false where the device has no room for a kernel: copies through staging memory need none there. */
    private boolean copyByKernel(Uploads uploads, Driver.Event done) {
        try {
            take(true);
            direct.copy(uploads, layer, done);
            return true;
        } catch (DeviceFullException e) {
            return false;
        }
    }

    /** Takes one way or the other. */
    private void take(boolean kernel) {
        if (kernel != byKernel) {
            settle();
            byKernel = kernel;
        }
        uploading = true;
        underWay = true;
    }

    /** Whether something may be on its way. */
    boolean isUnderWay() {
        return underWay;
    }

    /** Waits until what was copied has arrived. A lost device reads no more. */
    void settle() {
        Driver.Event done = arrived;
        if (underWay && done != null) {
            underWay = false;
            Quietly.run(() -> driver.synchronize(done));
        }
    }

    /** Gives up the blocks from one on. */
    void forget(int firstBlock) {
        settle();
        bytesHeld -= blocks.forget(firstBlock, pool);
        bytesHeld -= sketches.forget(firstBlock, pool);
        bytesHeld -= means.forget(meansOf(firstBlock), pool);
    }

    /** Has a stream wait for what was copied, and brings the lists up to date. */
    void bringUpToDate(Driver.Stream stream) {
        Driver.Event done = arrived;
        if (uploading && done != null) {
            driver.waitFor(stream, done);
            uploading = false;
        }
        blocks.bringUpToDate(stream);
        sketches.bringUpToDate(stream);
        means.bringUpToDate(stream);
    }

    long bytes() {
        return bytesHeld + blocks.bytes() + sketches.bytes() + means.bytes();
    }

    /** Gives everything back, as far as a lost device still can. It may be opened again. */
    void close() {
        settle();
        uploading = false;
        bytesHeld = 0;
        blocks.close(pool);
        sketches.close(pool);
        means.close(pool);
        Driver.Event event = arrived;
        arrived = null;
        if (event != null) {
            Quietly.run(() -> driver.destroy(event));
        }
    }
}
