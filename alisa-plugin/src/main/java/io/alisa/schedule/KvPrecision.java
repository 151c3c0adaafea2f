package io.alisa.schedule;

/** How keys and values are kept, as far as bytes go. */
public enum KvPrecision {
    /** Floats, values padded to cache lines. They stay in RAM: a session that keeps them ends at the cap. */
    F32(Float.BYTES, false) {
        @Override
        long headBytes(int headSize) {
            return (long) Float.BYTES * (headSize + padded(headSize, 16));
        }
    },
    /** The paper's machines: no padding. */
    F16(Short.BYTES, true) {
        @Override
        long headBytes(int headSize) {
            return 2L * Short.BYTES * headSize;
        }
    },
    /** Bytes, padded to four, and a scale each for key and value. The scale depends on a float, so inputs must be floats. */
    INT8(Float.BYTES, true) {
        @Override
        long headBytes(int headSize) {
            return 2L * padded(headSize, 4) + 2;
        }
    };

    private final int inputBytes;
    private final boolean movable;

    KvPrecision(int inputBytes, boolean movable) {
        this.inputBytes = inputBytes;
        this.movable = movable;
    }

    /** Whether keys and values may go to the slow tier, or be deleted. */
    public boolean isMovable() {
        return movable;
    }

    /** Bytes of a token's key and value of one KV head in one layer. */
    abstract long headBytes(int headSize);

    /** Bytes of one value of a layer's input from which keys and values come back bit for bit. */
    public int inputBytes() {
        return inputBytes;
    }

    private static long padded(int headSize, int to) {
        return (headSize + to - 1L) / to * to;
    }
}
