package io.alisa.cache;

/** Gives a layer its blocks: zeroed, valid until the layer forgets it. */
interface BlockSource {
    /** Address of a block. */
    long block(int layer, int block);
}
