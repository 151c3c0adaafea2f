package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;

import io.alisa.attention.AttentionShape;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.device.DeviceKv;
import io.alisa.device.DeviceShape;
import io.alisa.device.Placement;
import io.alisa.device.TokenChoice;

/** Blocks that all say the same, for tests that put them on a device themselves. */
final class Blocks implements AutoCloseable {
    private final DeviceShape shape;
    private final Arena arena = Arena.ofConfined();
    private final long block;

    Blocks(AttentionShape attention) {
        shape = attention.onDevice(new KvLayout(KvFormat.INT8, attention.kvHeads(), attention.headSize()));
        block = arena.allocate(shape.blockBytes(), 64).address();
    }

    DeviceShape shape() {
        return shape;
    }

    /** Puts blocks, sketches and means into a layer, and copies them. */
    void put(DeviceKv kv, int from, int to) {
        for (int i = from; i < to; i++) {
            assertThat(kv.put(0, i, block, block)).isEqualTo(Placement.DONE);
        }
        assertThat(kv.putMeans(0, 0, block)).isEqualTo(Placement.DONE);
        kv.upload(0);
    }

    /** 200 of the tokens of so many blocks, and of five behind them. */
    TokenChoice choice(int blocks) {
        TokenChoice choice = new TokenChoice();
        choice.set(blocks * 64 + 5, 4, blocks * 64 - 70, 200, null);
        return choice;
    }

    @Override
    public void close() {
        arena.close();
    }
}
