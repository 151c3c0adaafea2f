package io.alisa.attention;

/**
 * A step of attention on an F32 block, called through this interface for the reason given in {@link VectorInt8Stage}.
 */
@FunctionalInterface
interface VectorStage {
    void run(AttentionTile tile, long keys, long values, int tokens);
}
