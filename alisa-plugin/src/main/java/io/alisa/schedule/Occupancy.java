package io.alisa.schedule;

/**
 * What a session holds when it is about to need new blocks. A block here is one of each layer.
 *
 * @param tokens          tokens in the context, those about to come included
 * @param neededBytes     bytes the fast tier needs for them
 * @param fastBytes       bytes in the fast tier now
 * @param fastCap         its cap
 * @param slowBytes       bytes in the slow tier now
 * @param slowCap         its cap: what can still come there, free places in a file included, and what is there
 * @param slowBlocks      blocks in the slow tier
 * @param deletedBlocks   blocks that are deleted
 * @param demotableBlocks blocks in the fast tier that may leave it: full, not pinned
 * @param deletableBlocks blocks in either tier that may be deleted
 */
public record Occupancy(int tokens, long neededBytes, long fastBytes, long fastCap, long slowBytes, long slowCap,
        int slowBlocks, int deletedBlocks, int demotableBlocks, int deletableBlocks) {
}
