package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Reads and checks pieces. Owned by one worker; allocates nothing of its own. */
public final class PieceReader {
    private final CRC32C crc = new CRC32C();

    /**
     * Reads pieces of consecutive blocks of one run and head to where {@code target} stands and checks them against what
     * was written.
     *
     * @throws DamagedPieceException where they are not what was written, or can't be read
     */
    public void read(PieceFile from, int layer, int head, int block, int count, ByteBuffer target) {
        int start = target.position();
        try {
            from.read(layer, head, block, count, target);
        } catch (IOException e) {
            throw new DamagedPieceException(layer, block, count, "can't be read back", e);
        }
        for (int i = 0; i < count; i++) {
            int sum = of(target, start + i * from.pieceBytes(), from.pieceBytes());
            if (sum != from.checksum(layer, head, block + i)) {
                throw new DamagedPieceException(layer, block + i, 1, "came back changed", null);
            }
        }
    }

    /** Checksum of {@code count} bytes from {@code from} on. Leaves the buffer's position and limit as they were. */
    int of(ByteBuffer bytes, int from, int count) {
        int position = bytes.position();
        int limit = bytes.limit();
        crc.reset();
        bytes.limit(from + count).position(from);
        crc.update(bytes);
        bytes.limit(limit).position(position);
        return (int) crc.getValue();
    }
}
