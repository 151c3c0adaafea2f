package io.alisa.attention;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.device.Device;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceShape;
import io.alisa.device.Placement;
import io.alisa.device.TokenChoice;
import io.alisa.memory.OffHeap;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.Pinning;
import org.jspecify.annotations.Nullable;

/** A device of this machine's own memory, on which the scalar kernels run. It can be told to fail. */
public final class FakeDevice implements Device {
    private final MemoryAccount account;
    private final List<Kv> open = new ArrayList<>();
    /** Addresses and sizes. */
    private final TreeMap<Long, Long> pinned = new TreeMap<>();
    /** Calls until it is lost; negative: never. */
    private int callsLeft = -1;
    /** Calls until one finds no memory of Java's; negative: none does. */
    private int callsUntilOut = -1;
    private boolean full;
    private boolean stepsFindNoRoom;
    private int refusedSelections;
    private int refusedBatches;
    private boolean lost;
    private boolean closed;
    private long calls;
    private long attendedBlocks;
    private long selections;
    private long leastBytes;

    public FakeDevice(MemoryBudget budget) {
        account = budget.open(bytes -> {
            // what is held is given back by sessions only
        });
    }

    /** Has the call fail that comes after {@code count} others, and all after it. */
    public void failAfter(int count) {
        callsLeft = count;
    }

    /** Has the call that comes after {@code count} others, and no other, find no memory of Java's. */
    public void runOutAfter(int count) {
        callsUntilOut = count;
    }

    /** Says whether sessions find no room to open. */
    public void setFull(boolean isFull) {
        full = isFull;
    }

    /** Says whether selections and batches find no room. */
    public void setStepsFindNoRoom(boolean none) {
        stepsFindNoRoom = none;
    }

    /** How often a selection found no room. */
    public int refusedSelections() {
        return refusedSelections;
    }

    /** How often a batch found none. */
    public int refusedBatches() {
        return refusedBatches;
    }

    /** Calls so far. */
    public long calls() {
        return calls;
    }

    /** Blocks, each counted once per call, that were attended here. */
    public long attendedBlocks() {
        return attendedBlocks;
    }

    /** Steps of layers whose tokens were selected here. */
    public long selections() {
        return selections;
    }

    /** Says how much must be in a layer before it is asked. */
    public void setLeastBytes(long bytes) {
        leastBytes = bytes;
    }

    @Override
    public long leastBytes() {
        return leastBytes;
    }

    public boolean isClosed() {
        return closed;
    }

    private void call() {
        if (closed) {
            throw new AssertionError("used after it was closed");
        }
        calls++;
        if (callsUntilOut-- == 0) {
            throw new OutOfMemoryError("the test wants it so");
        }
        if (callsLeft-- == 0) {
            lost = true;
        }
        if (lost) {
            throw new DeviceLostException("the test wants it so");
        }
    }

    @Override
    public String describe() {
        return "a fake device";
    }

    @Override
    public long freeBytes() {
        return account.available();
    }

    @Override
    public boolean serves(DeviceShape shape) {
        return shape.headSize() != 1;
    }

    @Override
    public @Nullable DeviceKv prepareKv(DeviceShape shape, int layers, int maxBlocks) {
        call();
        Kv kv = new Kv(shape);
        open.add(kv);
        return kv;
    }

    @Override
    public synchronized void pin(long address, long bytes) {
        if (closed) {
            throw new AssertionError("used after it was closed");
        }
        if (address % Pinning.ALIGNMENT != 0 || pinned.put(address, bytes) != null) {
            throw new AssertionError("not a piece of memory to be pinned");
        }
    }

    @Override
    public synchronized void unpin(long address) {
        pinned.remove(address);
    }

    private synchronized boolean isPinned(long address, long bytes) {
        Map.Entry<Long, Long> before = pinned.floorEntry(address);
        return before != null && address + bytes <= before.getKey() + before.getValue();
    }

    /** Pieces of memory that are pinned. */
    public synchronized int pinned() {
        return pinned.size();
    }

    @Override
    public void close() {
        if (closed) {
            throw new AssertionError("closed twice");
        }
        closed = true;
        open.forEach(Kv::close);
        account.close();
    }

    private enum Kind {
        BLOCK, SKETCH, MEANS
    }

    private record Key(Kind kind, int layer, int index) {
    }

    private final class Kv implements DeviceKv {
        private final DeviceShape shape;
        private final AttentionShape attention;
        private final KvLayout layout;
        /** By kind, layer and number. */
        private final Map<Key, Arena> memory = new HashMap<>();
        private final Map<Key, Long> addresses = new HashMap<>();
        /** What is to be copied. */
        private final Map<Key, Long> sources = new HashMap<>();
        /** What is to be copied from pinned memory: as late as may be, to show who overwrites that too early. */
        private final Map<Key, Long> late = new HashMap<>();
        private long bytes;
        private long[][] selected = {};
        private final Int8Kernels kernels = new ScalarKernels().int8();
        private float[] max = {};
        private float[] sum = {};
        private float[] values = {};
        private boolean closed;

        Kv(DeviceShape shape) {
            this.shape = shape;
            attention = new AttentionShape(shape.kvHeads(), shape.groupSize(), shape.headSize(), shape.softCap());
            layout = new KvLayout(KvFormat.INT8, shape.kvHeads(), shape.headSize());
        }

        @Override
        public Placement open() {
            call();
            return full ? Placement.FULL : Placement.DONE;
        }

        @Override
        public void rest() {
            call();
        }

        @Override
        public Placement put(int layer, int block, long address, long sketch) {
            call();
            Key key = new Key(Kind.BLOCK, layer, block);
            if (memory.containsKey(key)) {
                throw new AssertionError("block " + block + " is there already");
            }
            if (!take(key, address)) {
                return Placement.FULL;
            }
            if (sketch != 0 && !take(new Key(Kind.SKETCH, layer, block), sketch)) {
                drop(key);
                return Placement.FULL;
            }
            return Placement.DONE;
        }

        @Override
        public Placement putMeans(int layer, int index, long address) {
            call();
            Key key = new Key(Kind.MEANS, layer, index);
            if (memory.containsKey(key)) {
                sources.put(key, address);
                return Placement.DONE;
            }
            return take(key, address) ? Placement.DONE : Placement.FULL;
        }

        private long size(Key key) {
            return key.kind() == Kind.SKETCH ? shape.sketchBytes() : shape.blockBytes();
        }

        private boolean take(Key key, long source) {
            if (!account.tryReserve(size(key))) {
                return false;
            }
            Arena arena = Arena.ofShared();
            memory.put(key, arena);
            addresses.put(key, arena.allocate(size(key), 64).address());
            sources.put(key, source);
            bytes += size(key);
            return true;
        }

        @Override
        public void upload(int layer) {
            call();
            sources.forEach((key, source) -> {
                if (key.layer() != layer) {
                    throw new AssertionError("something of layer " + key.layer() + " was put and not uploaded");
                }
                if (isPinned(source, size(key))) {
                    late.put(key, source);
                } else {
                    copy(key, source);
                }
            });
            sources.clear();
        }

        private void copy(Key key, long source) {
            long to = Objects.requireNonNull(addresses.get(key));
            for (long i = 0; i < size(key); i++) {
                OffHeap.setByte(to + i, OffHeap.getByte(source + i));
            }
        }

        @Override
        public void settle() {
            late.forEach((key, source) -> {
                if (!isPinned(source, size(key))) {
                    throw new AssertionError("what is read is not pinned any more");
                }
                copy(key, source);
            });
            late.clear();
        }

        @Override
        public void forget(int layer, int firstBlock) {
            call();
            settle();
            drop(layer, firstBlock);
        }

        private void drop(int layer, int firstBlock) {
            memory.keySet().stream().filter(key -> key.layer() == layer
                    && (key.kind() == Kind.MEANS ? 64 * key.index() : key.index()) >= firstBlock).toList()
                    .forEach(this::drop);
        }

        private void drop(Key key) {
            Objects.requireNonNull(memory.remove(key)).close();
            addresses.remove(key);
            sources.remove(key);
            account.release(size(key));
            bytes -= size(key);
        }

        private long address(Kind kind, int layer, int index) {
            return Objects.requireNonNull(addresses.get(new Key(kind, layer, index)), "not on the device");
        }

        @Override
        public boolean begin(int layer, int count, float[] queries) {
            return attend(layer, count, queries, null, 1);
        }

        @Override
        public boolean begin(int layer, int count, float[] queries, long[][] selected) {
            return attend(layer, count, queries, selected, 1);
        }

        @Override
        public boolean beginBatch(int layer, int count, float[] queries, int positions) {
            if (stepsFindNoRoom) {
                call();
                refusedBatches++;
                return false;
            }
            return attend(layer, count, queries, null, positions);
        }

        @Override
        public boolean begin(int layer, int count, float[] queries, TokenChoice choice) {
            if (stepsFindNoRoom) {
                call();
                refusedSelections++;
                return false;
            }
            selections++;
            settle();
            List<Integer> pinned = IntStream.range(0, choice.tokens()).filter(t -> {
                long[] words = choice.pinned();
                return words != null && (words[t / 64] >>> t & 1) != 0;
            }).boxed().toList();
            FakeSelection[] heads = new FakeSelection[shape.kvHeads()];
            selected = new long[shape.kvHeads()][];
            for (int head = 0; head < heads.length; head++) {
                heads[head] = new FakeSelection(attention, head, queries, count, b -> address(Kind.SKETCH, layer, b),
                        b -> address(Kind.MEANS, layer, b), choice.tokens(), choice.sinks(), choice.windowStart(),
                        choice.wanted(), pinned);
                selected[head] = heads[head].selected;
            }
            IntStream.range(0, count).forEach(block -> address(Kind.BLOCK, layer, block));
            attend(layer, count, queries, selected, 1);
            for (int row = 0; row < max.length; row++) {
                addSkipped(row, heads[row / shape.groupSize()], row % shape.groupSize());
            }
            return true;
        }

        private void addSkipped(int row, FakeSelection of, int g) {
            double largest = Math.max(max[row], of.references[g]);
            double kept = Math.exp(max[row] - largest);
            double added = Math.exp(of.references[g] - largest);
            double[] skipped = of.skippedValues(g);
            for (int i = 0; i < skipped.length; i++) {
                int at = row * shape.rowStride() + i;
                values[at] = (float) (kept * values[at] + added * skipped[i]);
            }
            sum[row] = (float) (kept * sum[row] + added * of.skippedMass(g));
            max[row] = (float) largest;
        }

        @Override
        public void selected(long[][] to) {
            call();
            for (int head = 0; head < selected.length; head++) {
                System.arraycopy(selected[head], 0, to[head], 0, selected[head].length);
            }
        }

        private boolean attend(int layer, int count, float[] queries, long @Nullable [][] selected, int positions) {
            call();
            if (!sources.isEmpty()) {
                throw new AssertionError("attended before it was uploaded");
            }
            settle();
            int rows = shape.groupSize() * positions;
            max = new float[shape.rows(positions)];
            sum = new float[max.length];
            values = new float[max.length * shape.rowStride()];
            for (int head = 0; head < shape.kvHeads(); head++) {
                AttentionTile tile = new AttentionTile(attention, rows);
                Int8Rows tokens = new Int8Rows(shape.headSize());
                tile.begin(queries.clone(), head * rows, rows);
                for (int block = 0; block < count; block++) {
                    Long address = addresses.get(new Key(Kind.BLOCK, layer, block));
                    long bits = selected == null ? -1 : selected[head][block];
                    if (address != null && bits != 0) {
                        tokens.clear();
                        tokens.add(layout.headAddress(address, head), bits);
                        kernels.attend(tile, tokens);
                        attendedBlocks++;
                    }
                }
                for (int r = 0; r < rows; r++) {
                    max[head * rows + r] = tile.max[r];
                    sum[head * rows + r] = tile.sum(r);
                }
                System.arraycopy(tile.output, 0, values, head * rows * shape.rowStride(), rows * shape.rowStride());
            }
            return true;
        }

        @Override
        public void finish(float[] toMax, float[] toSum, float[] toValues) {
            call();
            System.arraycopy(max, 0, toMax, 0, max.length);
            System.arraycopy(sum, 0, toSum, 0, sum.length);
            System.arraycopy(values, 0, toValues, 0, values.length);
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                settle();
                List.copyOf(memory.keySet()).forEach(this::drop);
            }
        }
    }
}
