package io.alisa.tier;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import io.alisa.memory.OffHeap;
import io.alisa.memory.Region;
import org.jspecify.annotations.Nullable;

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
    /** In the order of their addresses. Empty by its capacity: else no room is made before the first is added. */
    private final ArrayList<Slab> slabs = new ArrayList<>(0);
    /** What frames move to, the fullest last. */
    private List<Slab> targets = List.of();
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
        /** Whether its frames are to move to others. */
        boolean leaving;
        /** Whether it has a frame that can't move. */
        boolean fixed;

        Slab(long size, int frames, long alignment) {
            start = region.allocate(size, alignment);
            end = start + size;
            all = (1 << frames) - 1;
            free = all;
        }

        int used() {
            return Integer.bitCount(all & ~free);
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
        return take(false);
    }

    /** The same, but nobody has to make room for it: for what can be done without. */
    public long takeSpare() {
        return take(true);
    }

    private long take(boolean spare) {
        for (int i = slabs.size() - 1; i >= 0 && freeFrames > 0; i--) {
            if (slabs.get(i).free != 0) {
                return takeFrom(slabs.get(i));
            }
        }
        Slab fresh = grow(spare);
        return fresh == null ? 0 : takeFrom(fresh);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    private @Nullable Slab grow(boolean spare) {
        int frames = framesPerSlab();
        while (!reserve(frames * frameBytes, spare)) { // close to the cap smaller pieces do
            frames /= 2;
            if (frames == 0) {
                return null;
            }
        }
        long size = frames * frameBytes;
        Slab fresh;
        try {
            slabs.ensureCapacity(slabs.size() + 1); // before: a slab that is not in the list is lost
            fresh = new Slab(size, frames, pinning.alignment());
        } catch (OutOfMemoryError e) { // the machine has less than the cap promised: as if the cap were reached
            account.release(size);
            return null;
        }
        slabs.add(behind(fresh.start), fresh);
        freeFrames += frames;
        bytes = bytes + size;
        pinning.pin(fresh.start, size); // counted before: it is there, whatever is thrown here
        return fresh;
    }

    private boolean reserve(long size, boolean spare) {
        return spare ? account.reserveSpare(size) : account.tryReserve(size);
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
        Slab slab = slabAt(address);
        if (slab == null) {
            throw new IllegalArgumentException("Not a frame of this pool");
        }
        return slab;
    }

    private @Nullable Slab slabAt(long address) {
        int index = behind(address) - 1;
        return index >= 0 && address < slabs.get(index).end ? slabs.get(index) : null;
    }

    /** Index behind the last slab that starts at or before an address. */
    private int behind(long address) {
        int from = 0;
        int to = slabs.size();
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (slabs.get(middle).start <= address) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
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
        targets = List.of();
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

    // ---- moving together

    /** Says that a frame can't move now, before {@link #evacuate}. One of another pool never does. */
    public void fix(long address) {
        Slab slab = slabAt(address);
        if (slab != null) {
            slab.fixed = true;
        }
    }

    /**
     * Chooses slabs that are to become free: those with the fewest frames to move, as many as hold {@code most} bytes, as far
     * as the others have room. The caller then asks {@link #takeOther} for each frame. Returns whether there are any.
     */
    public boolean evacuate(long most) {
        List<Slab> order = new ArrayList<>(slabs);
        order.sort(Comparator.comparingInt(Slab::used));
        long chosen = 0;
        int toMove = 0;
        int room = freeFrames;
        for (Slab slab : order) {
            int stays = room - Integer.bitCount(slab.free); // room in the others without it
            slab.leaving = !slab.fixed && chosen < most && toMove + slab.used() <= stays;
            slab.fixed = false;
            if (slab.leaving) {
                chosen += slab.end - slab.start;
                toMove += slab.used();
                room = stays;
            }
        }
        order.removeIf(slab -> slab.leaving || slab.free == 0);
        targets = order;
        return chosen > 0;
    }

    /**
     * Where a frame is to move: the address of a free frame in the fullest slab that stays; 0 where the frame stays, too. The
     * caller copies, remembers the new address and {@link #give}s the old one.
     */
    public long takeOther(long address) {
        if (!slabOf(address).leaving) {
            return 0;
        }
        while (!targets.isEmpty() && targets.getLast().free == 0) {
            targets.removeLast();
        }
        return targets.isEmpty() ? 0 : takeFrom(targets.getLast());
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
        targets = List.of();
        freeFrames = 0;
        bytes = 0;
    }
}
