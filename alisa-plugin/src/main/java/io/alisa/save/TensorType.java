package io.alisa.save;

import org.jspecify.annotations.Nullable;

/** The element types that our files use, by the names they have in safetensors files. */
public enum TensorType {
    I8(1), BF16(2), I32(4), U32(4), F32(4);

    private final int bytes;

    TensorType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of an element. */
    public int bytes() {
        return bytes;
    }

    static @Nullable TensorType find(Object name) {
        for (TensorType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }
}
