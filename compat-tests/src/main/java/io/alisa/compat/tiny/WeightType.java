package io.alisa.compat.tiny;

import java.nio.ByteBuffer;

/** How the weights are stored. */
public enum WeightType {
    F32,
    BF16,
    /** Blocks of four bits, as the host's own quantiser writes them: published for Jlama as "-JQ4". */
    Q4;

    int bytes() {
        return this == F32 ? Float.BYTES : Short.BYTES;
    }

    void put(ByteBuffer target, float value) {
        if (this == F32) {
            target.putFloat(value);
        } else {
            // Round to nearest, half up: the exact rounding does not matter for random weights.
            target.putShort((short) ((Float.floatToRawIntBits(value) + 0x8000) >>> 16));
        }
    }
}
