package io.alisa.compat.bench;

import java.util.SplittableRandom;

import io.alisa.attention.DigestWriter;
import io.alisa.attention.KvWriter;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;

/** Normally distributed keys and values in one of the plugin's layers, written block by block as a prompt's are. */
final class RandomKv {
    private RandomKv() {
    }

    /** @param digests null where the layer has none */
    static void fill(KvLayer layer, KvWriter writer, DigestWriter digests, int tokens, SplittableRandom random) {
        KvLayout layout = layer.layout();
        for (int start = 0; start < tokens; start += KvLayout.BLOCK_TOKENS) {
            int end = Math.min(tokens, start + KvLayout.BLOCK_TOKENS);
            layer.resize(start, end);
            for (int position = start; position < end; position++) {
                for (int head = 0; head < layout.kvHeads(); head++) {
                    writer.putKey(layer, position, head, BenchModels.normal(random, layout.headSize()));
                    writer.putValue(layer, position, head, BenchModels.normal(random, layout.headSize()));
                }
            }
            if (digests != null) {
                digests.update(layer);
            }
            layer.settle();
        }
    }
}
