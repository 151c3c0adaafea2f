package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of bytes at positions. Thread-safe for reading and for writing at different positions. */
public interface BlockFile extends AutoCloseable {
    /** Makes sure that there is room on the disk for the first {@code bytes} bytes. */
    void reserve(long bytes) throws IOException;

    /** Writes what remains in {@code source}, all of it. */
    void write(long position, ByteBuffer source) throws IOException;

    /** Fills what remains in {@code target}, all of it. */
    void read(long position, ByteBuffer target) throws IOException;

    /** Ends the file: its content is gone. Idempotent. */
    @Override
    void close();
}
