package io.alisa.tier;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;

/** A file in memory of which one call goes wrong. */
public final class FaultyFile implements BlockFile {
    /** What goes wrong. */
    public enum Fault {
        NOTHING, DISK_FULL, WRITE, HALF_WRITE, READ, SHORT_READ, FLIPPED_BIT, CLOSED
    }

    private final MemoryFile content = new MemoryFile();
    private final Fault fault;
    private final int at;
    private int calls;
    private boolean struck;

    /** A file whose call number {@code at}, of those the fault can strike, goes wrong; a closed one stays closed. */
    public FaultyFile(Fault fault, int at) {
        this.fault = fault;
        this.at = at;
    }

    @Override
    public synchronized void reserve(long bytes) throws IOException {
        if (strikes(fault == Fault.DISK_FULL)) {
            throw new IOException("No space left on device");
        }
        content.reserve(bytes);
    }

    @Override
    public synchronized void write(long position, ByteBuffer source) throws IOException {
        if (strikes(fault == Fault.WRITE || fault == Fault.HALF_WRITE)) {
            if (fault == Fault.HALF_WRITE) {
                content.write(position, source.limit(source.position() + source.remaining() / 2));
            }
            throw new IOException("Input/output error");
        }
        content.write(position, source);
    }

    @Override
    public synchronized void read(long position, ByteBuffer target) throws IOException {
        int start = target.position();
        if (strikes(fault == Fault.READ || fault == Fault.SHORT_READ || fault == Fault.FLIPPED_BIT)) {
            if (fault == Fault.FLIPPED_BIT) {
                content.read(position, target);
                int flipped = start + at * 31 % (target.position() - start);
                target.put(flipped, (byte) (target.get(flipped) ^ 1 << at % 8));
                return;
            }
            if (fault == Fault.SHORT_READ) {
                content.read(position, target.limit(start + target.remaining() / 2));
                throw new EOFException("The file ends");
            }
            throw new IOException("Input/output error");
        }
        content.read(position, target);
    }

    private boolean strikes(boolean kind) throws IOException {
        if (fault == Fault.CLOSED && calls++ >= at) {
            struck = true;
            throw new IOException("The file is closed", new ClosedChannelException());
        }
        if (kind && calls++ == at) {
            struck = true;
            return true;
        }
        return false;
    }

    /** Whether the conversation got as far as the call. */
    public boolean hasStruck() {
        return struck;
    }

    public boolean isClosed() {
        return content.isClosed();
    }

    @Override
    public void close() {
        content.close();
    }
}
