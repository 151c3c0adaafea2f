package io.alisa.cache;

/** How keys and values are kept. */
public enum KvFormat {
    /** The host's 32-bit floats. */
    F32(Float.BYTES),
    /** The host's bfloat16. */
    BF16(Short.BYTES),
    /** Ours: 8-bit integers with a scale per token and KV head. */
    INT8(Byte.BYTES);

    private final int bytes;

    KvFormat(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one value. */
    public int bytes() {
        return bytes;
    }
}
