package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A file in memory that does as the test says: full, broken, or not what was written. */
public class MemoryFile implements BlockFile {
    /** What goes wrong at a call. */
    public interface Trouble {
        /**
         * Called before each call.
         *
         * @param call  {@code reserve}, {@code write} or {@code read}
         * @param bytes what is moved
         */
        void at(String call, byte[] bytes) throws IOException;
    }

    private final Trouble trouble;
    private byte[] content = {};
    private boolean closed;

    public MemoryFile(Trouble trouble) {
        this.trouble = trouble;
    }

    public MemoryFile() {
        this((call, bytes) -> {
        });
    }

    @Override
    public synchronized void reserve(long bytes) throws IOException {
        trouble.at("reserve", new byte[0]);
        content = Arrays.copyOf(content, Math.max(content.length, Math.toIntExact(bytes)));
    }

    @Override
    public synchronized void write(long position, ByteBuffer source) throws IOException {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        trouble.at("write", bytes);
        System.arraycopy(bytes, 0, content, Math.toIntExact(position), bytes.length);
    }

    @Override
    public synchronized void read(long position, ByteBuffer target) throws IOException {
        int from = Math.toIntExact(position);
        byte[] bytes = Arrays.copyOfRange(content, from, from + target.remaining());
        trouble.at("read", bytes);
        target.put(bytes);
    }

    @Override
    public void close() {
        closed = true;
        Arrays.fill(content, (byte) 0);
    }

    public boolean isClosed() {
        return closed;
    }
}
