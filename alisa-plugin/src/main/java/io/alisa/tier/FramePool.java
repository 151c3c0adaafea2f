package io.alisa.tier;

import java.util.ArrayList;
import java.util.List;

import io.alisa.memory.OffHeap;
import io.alisa.memory.Region;

/**
 * Memory of the fast tier in equal frames, under a session's account. Frames come in slabs: a slab goes back to the
 * operating system when all its frames are free and somebody asks for that.
 *
 * <p>Not thread-safe: used under the session's lock; {@link #bytes()} by any thread.
 */
public final class FramePool implements AutoCloseable {
    /** Small pools do not ask the system for memory frame by frame. */
    private static final long MIN_SLAB_BYTES = 1 << 18;
    /** Nor do large ones, but no more than this part of a pool stands idle for it. */
    private static final int PART_AT_ONCE = 64;
    private static final int MAX_FRAMES = 16;

    private final MemoryAccount account;
    private final long frameBytes;
    private final List<Slab> slabs = new ArrayList<>();
    private Pinning pinning = Pinning.NONE;
    private int freeFrames;
    private volatile long bytes;

    private static final class Slab {
        final Region region = new Region();
        final long start;
        final long end;
        final int all;
        /** A bit per free frame. */
        int free;

        Slab(long size, int frames, long alignment) {
            start = region.allocate(size, alignment);
            end = start + size;
            all = (1 << frames) - 1;
            free = all;
        }
    }

    /** @param frameBytes bytes of a frame, a multiple of eight */
    public FramePool(MemoryAccount account, long frameBytes) {
        this.account = account;
        this.frameBytes = frameBytes;
    }

    /** Has the memory of frames pinned from now on; before any is taken. */
    public void pinBy(Pinning by) {
        pinning = by;
    }

    /** Bytes that are asked of the account next. */
    public long slabBytes() {
        return framesPerSlab() * frameBytes;
    }

    /** Frames that are asked of the account next. */
    public int framesPerSlab() {
        return Math.clamp(Math.max(MIN_SLAB_BYTES, bytes / PART_AT_ONCE) / frameBytes, 1, MAX_FRAMES);
    }

    /** Address of a frame, zeroed; 0 where the account is at its end. */
    public long take() {
        for (int i = slabs.size() - 1; i >= 0 && freeFrames > 0; i--) {
            if (slabs.get(i).free != 0) {
                return takeFrom(slabs.get(i));
            }
        }
        return grow() ? takeFrom(slabs.getLast()) : 0;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    private boolean grow() {
        int frames = framesPerSlab();
        while (!account.tryReserve(frames * frameBytes)) { // close to the cap smaller pieces do
            frames /= 2;
            if (frames == 0) {
                return false;
            }
        }
        long size = frames * frameBytes;
        try {
            slabs.add(new Slab(size, frames, pinning.alignment()));
        } catch (OutOfMemoryError e) { // the machine has less than the cap promised: as if the cap were reached
            account.release(size);
            return false;
        }
        pinning.pin(slabs.getLast().start, size);
        freeFrames += frames;
        bytes = bytes + size;
        return true;
    }

    private long takeFrom(Slab slab) {
        int frame = Integer.numberOfTrailingZeros(slab.free);
        slab.free &= slab.free - 1;
        freeFrames--;
        return slab.start + frame * frameBytes;
    }

    /** Takes a frame back and wipes it. */
    public void give(long address) {
        Slab slab = slabOf(address);
        long offset = address - slab.start;
        pinning.settle();
        OffHeap.clear(address, frameBytes);
        slab.free |= 1 << (int) (offset / frameBytes);
        freeFrames++;
    }

    private Slab slabOf(long address) {
        for (int i = 0; i < slabs.size(); i++) { // by index: a step back in the conversation must allocate nothing
            Slab slab = slabs.get(i);
            if (address >= slab.start && address < slab.end) {
                return slab;
            }
        }
        throw new IllegalArgumentException("Not a frame of this pool");
    }

    /** Frames that are free now. */
    public int freeFrames() {
        return freeFrames;
    }

    /** Bytes of slabs that would be free if so many more frames were and the others moved together. */
    public long releasable(long moreFrames) {
        int largest = 0;
        for (Slab slab : slabs) {
            largest = Math.max(largest, Integer.bitCount(slab.all));
        }
        return Math.max(0, freeFrames + moreFrames - largest + 1) * frameBytes;
    }

    /** Gives slabs back that have no frame in use. Returns how many bytes that were. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public long trim() {
        long before = bytes;
        for (int i = slabs.size() - 1; i >= 0; i--) {
            Slab slab = slabs.get(i);
            if (slab.free == slab.all) {
                slabs.remove(i);
                freeFrames -= Integer.bitCount(slab.all);
                pinning.unpin(slab.start);
                slab.region.close();
                account.release(slab.end - slab.start);
                bytes = bytes - (slab.end - slab.start);
            }
        }
        return before - bytes;
    }

    /**
     * Where a frame could move so that its slab becomes free: the address of a free frame in the slab that is fullest, or 0
     * where no slab is fuller than the frame's own. The caller copies, remembers the new address and {@link #give}s the old
     * one.
     */
    public long takeFuller(long address) {
        Slab own = slabOf(address);
        Slab best = own;
        boolean passed = false;
        for (Slab slab : slabs) {
            int free = Integer.bitCount(slab.free);
            int least = Integer.bitCount(best.free);
            if (free != 0 && (free < least || (free == least && best == own && !passed))) {
                best = slab;
            }
            passed |= slab == own;
        }
        return best == own ? 0 : takeFrom(best);
    }

    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        for (Slab slab : slabs) {
            pinning.unpin(slab.start);
            slab.region.close();
            account.release(slab.end - slab.start);
        }
        slabs.clear();
        freeFrames = 0;
        bytes = 0;
    }
}
