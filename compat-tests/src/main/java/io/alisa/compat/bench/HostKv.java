package io.alisa.compat.bench;

import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;

/** Fills a session with random keys and values, the host's as the plugin's. */
final class HostKv {
    private HostKv() {
    }

    /** Fills a session that a step has been done in: whoever serves it knows it. */
    static void fill(KvBufferCache.KvBuffer session, Config config, int tokens) {
        SplittableRandom random = new SplittableRandom(1);
        PluginKv.checkOpponent();
        if (PluginKv.serves(session)) {
            PluginKv.fill(session, tokens, random);
            return;
        }
        for (int layer = 0; layer < config.numberOfLayers; layer++) {
            for (int position = 0; position < tokens; position++) {
                write(session.getKeyTensorForPosition(layer, position),
                        BenchModels.normal(random, config.kvLength));
                write(session.getValTensorForPosition(layer, position),
                        BenchModels.normal(random, config.kvLength));
            }
        }
    }

    private static void write(AbstractTensor<?, ?> row, float[] values) {
        for (int i = 0; i < values.length; i++) {
            row.getMemorySegment().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, values[i]);
        }
    }
}
