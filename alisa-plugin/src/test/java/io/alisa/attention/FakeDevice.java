package io.alisa.attention;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.device.Device;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceShape;
import io.alisa.memory.OffHeap;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;

/** A device of this machine's own memory, on which the scalar kernels run. It can be told to fail. */
public final class FakeDevice implements Device {
    private final MemoryAccount account;
    private final List<Kv> open = new ArrayList<>();
    /** Calls until it is lost; negative: never. */
    private int callsLeft = -1;
    private boolean lost;
    private boolean closed;
    private long calls;
    private long attendedBlocks;

    public FakeDevice(MemoryBudget budget) {
        account = budget.open(bytes -> {
            // what is held is given back by sessions only
        });
    }

    /** Has the call fail that comes after {@code count} others, and all after it. */
    public void failAfter(int count) {
        callsLeft = count;
    }

    /** Calls so far. */
    public long calls() {
        return calls;
    }

    /** Blocks, each counted once per call, that were attended here. */
    public long attendedBlocks() {
        return attendedBlocks;
    }

    public boolean isClosed() {
        return closed;
    }

    private void call() {
        if (closed) {
            throw new AssertionError("used after it was closed");
        }
        calls++;
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
    public @Nullable DeviceKv openKv(DeviceShape shape, int layers, int maxBlocks) {
        call();
        Kv kv = new Kv(shape);
        open.add(kv);
        return kv;
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

    private final class Kv implements DeviceKv {
        private final DeviceShape shape;
        private final AttentionShape attention;
        private final KvLayout layout;
        private final Map<List<Integer>, Arena> blocks = new HashMap<>();
        private final Map<List<Integer>, Long> addresses = new HashMap<>();
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
        public boolean put(int layer, int block, long address) {
            call();
            if (!account.tryReserve(shape.blockBytes())) {
                return false;
            }
            Arena arena = Arena.ofShared();
            long copy = arena.allocate(shape.blockBytes(), 64).address();
            for (long i = 0; i < shape.blockBytes(); i++) {
                OffHeap.setByte(copy + i, OffHeap.getByte(address + i));
            }
            if (blocks.put(List.of(layer, block), arena) != null) {
                throw new AssertionError("block " + block + " is there already");
            }
            addresses.put(List.of(layer, block), copy);
            return true;
        }

        @Override
        public void forget(int layer, int firstBlock) {
            call();
            drop(layer, firstBlock);
        }

        private void drop(int layer, int firstBlock) {
            blocks.keySet().stream().filter(at -> at.get(0) == layer && at.get(1) >= firstBlock).toList()
                    .forEach(at -> {
                        Objects.requireNonNull(blocks.remove(at)).close();
                        addresses.remove(at);
                        account.release(shape.blockBytes());
                    });
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
            return attend(layer, count, queries, null, positions);
        }

        private boolean attend(int layer, int count, float[] queries, long @Nullable [][] selected, int positions) {
            call();
            int rows = shape.groupSize() * positions;
            max = new float[shape.rows(positions)];
            sum = new float[max.length];
            values = new float[max.length * shape.rowStride()];
            for (int head = 0; head < shape.kvHeads(); head++) {
                AttentionTile tile = new AttentionTile(attention, rows);
                Int8Rows tokens = new Int8Rows(shape.headSize());
                tile.begin(queries.clone(), head * rows, rows);
                for (int block = 0; block < count; block++) {
                    Long address = addresses.get(List.of(layer, block));
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
            return blocks.size() * shape.blockBytes();
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                List.copyOf(blocks.keySet()).forEach(at -> drop(at.get(0), 0));
            }
        }
    }
}
