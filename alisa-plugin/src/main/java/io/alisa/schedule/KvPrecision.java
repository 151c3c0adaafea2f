package io.alisa.schedule;

/** How keys and values are kept, as far as bytes go. */
public enum KvPrecision {
    /** Floats, values padded to cache lines. */
    F32(Float.BYTES) {
        @Override
        long headBytes(int headSize) {
            return (long) Float.BYTES * (headSize + padded(headSize, 16));
        }
    },
    /** The paper's machines: no padding. */
    F16(Short.BYTES) {
        @Override
        long headBytes(int headSize) {
            return 2L * Short.BYTES * headSize;
        }
    },
    /** Bytes, padded to four, and a scale each for key and value. The scale depends on a float, so inputs must be floats. */
    INT8(Float.BYTES) {
        @Override
        long headBytes(int headSize) {
            return 2L * padded(headSize, 4) + 2;
        }
    };

    private final int inputBytes;

    KvPrecision(int inputBytes) {
        this.inputBytes = inputBytes;
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
