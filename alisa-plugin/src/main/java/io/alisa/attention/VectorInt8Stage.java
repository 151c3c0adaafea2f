package io.alisa.attention;

/**
 * A step of attention on INT8 rows.
 *
 * <p>Steps are called through this interface for the compiler's sake: where a call has many targets none is inlined,
 * and each step stays small enough for all its vectors to stay in registers.
 */
@FunctionalInterface
interface VectorInt8Stage {
    void run(AttentionTile tile, Int8Rows rows);
}
