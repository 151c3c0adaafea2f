package io.alisa.save;

import java.util.List;

/**
 * A tensor of a safetensors file.
 *
 * @param shape  sizes of its dimensions, the slowest first
 * @param offset of its first byte, from the first byte behind the header
 */
record TensorEntry(String name, TensorType type, List<Long> shape, long offset) {
    /** Throws {@link ArithmeticException} where no file could be so large. */
    long bytes() {
        long bytes = type.bytes();
        for (long size : shape) {
            bytes = Math.multiplyExact(bytes, size);
        }
        return bytes;
    }

    long end() {
        return Math.addExact(offset, bytes());
    }
}
