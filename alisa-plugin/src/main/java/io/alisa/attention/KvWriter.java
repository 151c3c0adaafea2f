package io.alisa.attention;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.memory.OffHeap;

/** Writes new keys and values into a layer in the layer's format. Stateless and thread-safe for different KV heads. */
public final class KvWriter {
    private final Int8Kernels kernels;

    public KvWriter(AttentionKernels kernels) {
        this.kernels = kernels.int8();
    }

    /** Writes a token's key of one KV head, {@code headSize} floats from {@code key[0]} on. */
    public void putKey(KvLayer layer, int position, int kvHead, float[] key) {
        KvLayout layout = layer.layout();
        layer.rows().putKey(position, kvHead, key, 0);
        if (layout.format() == KvFormat.INT8) {
            putInt8Key(layer, position, kvHead, key);
        }
    }

    /** Writes a token's key into an INT8 layer's blocks only. */
    void putInt8Key(KvLayer layer, int position, int kvHead, float[] key) {
        KvLayout layout = layer.layout();
        int index = position % KvLayout.BLOCK_TOKENS;
        long head = layer.head(position, kvHead);
        int scale = kernels.quantise(key, 0, layout.headSize(), layout.int8Row(head, index));
        OffHeap.setByte(layout.keyScale(head, index), scale);
    }

    /** Writes a token's value likewise. */
    public void putValue(KvLayer layer, int position, int kvHead, float[] value) {
        KvLayout layout = layer.layout();
        layer.rows().putValue(position, kvHead, value, 0);
        if (layout.format() == KvFormat.INT8) {
            putInt8Value(layer, position, kvHead, value);
        }
    }

    /** Writes a token's value into an INT8 layer's blocks only. */
    void putInt8Value(KvLayer layer, int position, int kvHead, float[] value) {
        KvLayout layout = layer.layout();
        int index = position % KvLayout.BLOCK_TOKENS;
        long head = layer.head(position, kvHead);
        int scale = kernels.quantise(value, 0, layout.headSize(),
                layout.int8Row(head, index) + KvLayout.int8RowBytes(layout.headSize()));
        OffHeap.setByte(layout.valueScale(head, index), scale);
    }
}
