package io.alisa.save;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** The checksums of a file, in its order: of the header, of the pieces, of these checksums. */
final class Checksums {
    private final CRC32C crc = new CRC32C();
    private final int[] sums;
    private int count;

    /** For that many in all, their own included. */
    Checksums(int total) {
        sums = new int[total];
    }

    /** Takes note of the next one. */
    void add(int sum) {
        sums[count++] = sum;
    }

    /** Takes note of one behind those that were added. */
    void set(int ahead, int sum) {
        sums[count + ahead] = sum;
    }

    /** Of what remains in {@code bytes}, which is not changed. */
    int of(ByteBuffer bytes) {
        crc.reset();
        crc.update(bytes.duplicate());
        return (int) crc.getValue();
    }

    /** All of them in the file's own form, the last being that of the others. */
    ByteBuffer bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * sums.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < sums.length - 1; i++) {
            bytes.putInt(sums[i]);
        }
        bytes.flip();
        int own = of(bytes);
        return bytes.limit(bytes.capacity()).putInt(bytes.capacity() - Integer.BYTES, own);
    }
}
