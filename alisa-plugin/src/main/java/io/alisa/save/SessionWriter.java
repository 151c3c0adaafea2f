package io.alisa.save;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Writes a session's file: the tensors of {@link SessionManifest} in their order, all of them, whatever the size of what is
 * handed over at a time; the blocks of keys and values, which come last, in any order. Nothing is at the file's place before
 * {@link #commit}. Used by one thread.
 */
public final class SessionWriter implements AutoCloseable {
    private static final int NUMBERS_AT_ONCE = 4096;

    private final AtomicFile file;
    private final List<TensorEntry> tensors;
    private final SessionManifest manifest;
    private final Checksums checksums;
    private final CRC32C crc = new CRC32C();
    /** Which tensor is being written, and how much of its piece is left. */
    private int tensor = -1;
    private int piecesLeft;
    private long pieceBytes;
    private long left;
    /** Of the blocks: where the first one goes, which one comes, and which ones are there. */
    private long blocksStart = -1;
    private int piece;
    private final BitSet written = new BitSet();

    /**
     * Begins a file.
     *
     * @throws IOException with a sentence for the user where it can't be made
     */
    public SessionWriter(Path path, SessionManifest manifest) throws IOException {
        this.manifest = manifest;
        SafetensorsHeader header = manifest.header();
        tensors = header.tensors();
        checksums = new Checksums(tensors.getLast().shape().getFirst().intValue());
        ByteBuffer bytes = ByteBuffer.wrap(header.bytes());
        checksums.add(checksums.of(bytes));
        file = new AtomicFile(path);
        boolean begun = false;
        try {
            file.write(bytes);
            begun = true;
        } finally {
            if (!begun) {
                file.close();
            }
        }
        nextTensor();
    }

    private void nextTensor() {
        tensor++;
        TensorEntry entry = tensors.get(tensor);
        piecesLeft = manifest.pieces(entry.name());
        pieceBytes = piecesLeft == 0 ? 0 : entry.bytes() / piecesLeft;
        left = pieceBytes;
    }

    /** Says which block of which layer is written next. All other tensors are there already. */
    public void block(int block, int layer) throws IOException {
        if (!isBlocks() || (left != 0 && left != pieceBytes)) {
            throw new IllegalStateException("'" + tensors.get(tensor).name() + "' is not complete");
        }
        if (blocksStart < 0) {
            blocksStart = file.position();
        }
        piece = block * manifest.layers() + layer;
        left = pieceBytes;
        file.seek(blocksStart + piece * pieceBytes);
    }

    private boolean isBlocks() {
        return tensors.get(tensor).name().equals(SessionManifest.KV);
    }

    /** Writes what comes next, all that remains in {@code bytes}: no more than a piece's rest. */
    public void write(ByteBuffer bytes) throws IOException {
        if (bytes.remaining() > left) {
            throw new IllegalArgumentException(bytes.remaining() + " bytes where " + left + " are left of a piece");
        }
        left -= bytes.remaining();
        crc.update(bytes.duplicate());
        file.write(bytes);
        if (left == 0) {
            endPiece((int) crc.getValue());
            crc.reset();
        }
    }

    private void endPiece(int sum) {
        if (isBlocks()) {
            checksums.set(piece, sum);
            written.set(piece);
            return;
        }
        checksums.add(sum);
        left = pieceBytes;
        piecesLeft--;
        if (piecesLeft == 0) {
            nextTensor();
        }
    }

    /** Writes integers. */
    public void write(int... values) throws IOException {
        ByteBuffer buffer = numbers(values.length);
        for (int from = 0; from < values.length; from += NUMBERS_AT_ONCE) {
            int count = Math.min(NUMBERS_AT_ONCE, values.length - from);
            buffer.clear().asIntBuffer().put(values, from, count);
            write(buffer.limit(count * Integer.BYTES));
        }
    }

    /** Writes floats. */
    public void write(float... values) throws IOException {
        ByteBuffer buffer = numbers(values.length);
        for (int from = 0; from < values.length; from += NUMBERS_AT_ONCE) {
            int count = Math.min(NUMBERS_AT_ONCE, values.length - from);
            buffer.clear().asFloatBuffer().put(values, from, count);
            write(buffer.limit(count * Float.BYTES));
        }
    }

    private static ByteBuffer numbers(int count) {
        return ByteBuffer.allocate(Integer.BYTES * Math.min(count, NUMBERS_AT_ONCE)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Ends the file and puts it in its place. */
    public void commit() throws IOException {
        if (!isBlocks() || written.cardinality() < piecesLeft || left > 0) {
            throw new IllegalStateException("'" + tensors.get(tensor).name() + "' is not complete");
        }
        file.seek(blocksStart + piecesLeft * pieceBytes);
        file.write(checksums.bytes());
        file.commit();
    }

    /** Deletes what was written unless it was committed. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
