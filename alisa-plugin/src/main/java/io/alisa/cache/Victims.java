package io.alisa.cache;

import java.util.Arrays;

/** The blocks of a session that could leave RAM, in the order in which they should. Used under the session's lock. */
final class Victims {
    /** In the upper half how much a block is used, in the lower where it is: the oldest first, layer by layer. */
    private long[] keys = {};
    private int layerCount = 1;

    /** Looks for them. Returns how many there are. */
    int find(KvLayer... layers) {
        layerCount = layers.length;
        int found = 0;
        for (KvLayer layer : layers) {
            for (int block = layer.anchored(); block < layer.sealedBlocks() && !layer.isPinned(); block++) {
                if (layer.isResident(block)) {
                    if (found == keys.length) {
                        keys = Arrays.copyOf(keys, Math.max(64, 2 * keys.length));
                    }
                    int place = block * layerCount + layer.index();
                    keys[found++] = (long) Float.floatToIntBits(layer.table().use(block)) << Integer.SIZE | place;
                }
            }
        }
        return found;
    }

    /** Puts the first {@code found} in order: the least used first, among equals the oldest. */
    void sort(int found) {
        Arrays.sort(keys, 0, found);
    }

    /** Layer of the i-th. */
    int layer(int i) {
        return (int) keys[i] % layerCount;
    }

    /** Block of the i-th. */
    int block(int i) {
        return (int) keys[i] / layerCount;
    }
}
