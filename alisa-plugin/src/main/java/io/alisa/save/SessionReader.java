package io.alisa.save;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * Reads a session's file. Opening it checks all of it, header and checksums: who holds a reader holds a file that was whole
 * a moment ago. What is read later is checked again, for nobody keeps others from changing it meanwhile.
 *
 * <p>Takes little memory of its own, whatever the file claims. Used by one thread.
 */
public final class SessionReader implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final int LONGEST_ROW = Integer.MAX_VALUE / Float.BYTES;
    private static final String REMEDY = "; use a file that was saved whole by this plugin";

    private final Path path;
    private final FileChannel channel;
    private final CRC32C crc = new CRC32C();
    private SessionManifest manifest;
    private List<TensorEntry> tensors;
    /** Bytes it had when it was opened; somebody may cut it since. */
    private long size;
    private long dataStart;
    private int[] sums = {};

    private SessionReader(Path path, FileChannel channel, ManifestCheck check) throws IOException {
        this.path = path;
        this.channel = channel;
        try {
            SafetensorsHeader header = header();
            manifest = SessionManifest.of(header);
            tensors = header.tensors();
            verifyHeader();
            check.check(manifest);
            verify();
        } catch (IllegalArgumentException e) {
            throw refusal(e.getMessage(), e);
        } catch (ArithmeticException e) {
            throw refusal("it has a tensor of a shape that no file could hold", e);
        }
    }

    /**
     * Opens and checks a file.
     *
     * @param check what the session must be
     * @throws SaveException where it is not a whole session of a format we know: one sentence, cause and remedy
     * @throws IOException   where it can't be read
     */
    public static SessionReader open(Path path, ManifestCheck check) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(ordinary(path), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        } catch (AccessDeniedException e) {
            throw new SaveException("'" + path + "' may not be read; ask its owner for a copy of your own", e);
        } catch (SaveException e) {
            throw e;
        } catch (IOException e) {
            throw unread(path, e);
        }
        SessionReader reader = null;
        try {
            reader = new SessionReader(path, channel, check);
            return reader;
        } finally {
            if (reader == null) {
                channel.close();
            }
        }
    }

    /** Not a device that never ends, nor a link to who knows what. */
    private static Path ordinary(Path path) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw new SaveException("There is no file '" + path + "'; give the path of a saved session", e);
        }
        if (!attributes.isRegularFile()) {
            throw new SaveException("'" + path + "' can't be restored: it is "
                    + (attributes.isSymbolicLink()
                            ? "a link"
                            : attributes.isDirectory() ? "a directory" : "no ordinary file")
                    + "; give the path of the saved session itself");
        }
        return path;
    }

    /** Says which file it is, and what helps: the cause alone often names neither. */
    private static IOException unread(Path path, IOException cause) {
        return new IOException("'" + path + "' could not be read (" + cause + "): "
                + (cause instanceof ClosedByInterruptException
                        ? "the thread was interrupted; restore it once that is over"
                        : "copy it to a disk that works and try again"),
                cause);
    }

    private SaveException refusal(@Nullable String what, @Nullable Throwable cause) {
        boolean complete = what != null && what.endsWith(SessionManifest.OTHER_PLUGIN);
        return new SaveException("'" + path + "' can't be restored: " + what + (complete ? "" : REMEDY), cause);
    }

    private SafetensorsHeader header() throws IOException {
        size = size();
        if (size < SafetensorsHeader.LENGTH_BYTES) {
            throw refusal("it is too short", null);
        }
        ByteBuffer length = ByteBuffer.allocate(SafetensorsHeader.LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        read(0, length);
        long bytes = length.getLong(0);
        if (bytes < 2 || bytes > SafetensorsHeader.LARGEST || bytes > size - SafetensorsHeader.LENGTH_BYTES) {
            throw refusal("its header has no sensible length", null);
        }
        ByteBuffer json = ByteBuffer.allocate((int) bytes);
        read(SafetensorsHeader.LENGTH_BYTES, json);
        dataStart = SafetensorsHeader.LENGTH_BYTES + bytes;
        return SafetensorsHeader.parse(json.array(), size - dataStart);
    }

    private long size() throws IOException {
        try {
            return channel.size();
        } catch (IOException e) {
            throw unread(path, e);
        }
    }

    // ---- checking

    private void verifyHeader() throws IOException {
        ByteBuffer sum = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        read(dataStart + tensors.getLast().offset(), sum);
        if (checksum(0, dataStart, ByteBuffer.allocate(SafetensorsHeader.LARGEST)) != sum.getInt(0)) {
            throw refusal("its header is damaged", null);
        }
    }

    private void verify() throws IOException {
        TensorEntry entry = tensors.getLast();
        sums = new int[Math.toIntExact(entry.shape().getFirst())];
        try (Arena arena = Arena.ofConfined()) {
            ByteBuffer buffer = arena.allocate(Math.min(BUFFER, size)).asByteBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN);
            int own = readSums(entry, buffer);
            if (own != sums[sums.length - 1]) {
                throw refusal("its checksums are damaged", null);
            }
            int next = 1; // behind the header's
            for (TensorEntry tensor : tensors) {
                int pieces = manifest.pieces(tensor.name());
                for (int piece = 0; piece < pieces; piece++) {
                    long bytes = tensor.bytes() / pieces;
                    if (checksum(dataStart + tensor.offset() + piece * bytes, bytes, buffer) != sums[next++]) {
                        throw refusal("'" + tensor.name() + "' is damaged", null);
                    }
                }
            }
        }
    }

    /** Reads the checksums. Returns that of all but the last. */
    private int readSums(TensorEntry entry, ByteBuffer buffer) throws IOException {
        crc.reset();
        for (int from = 0; from < sums.length;) {
            int count = Math.min(sums.length - from, buffer.capacity() / Integer.BYTES);
            buffer.clear().limit(count * Integer.BYTES);
            read(dataStart + entry.offset() + (long) from * Integer.BYTES, buffer);
            buffer.flip().asIntBuffer().get(sums, from, count);
            from += count;
            crc.update(buffer.limit((from == sums.length ? count - 1 : count) * Integer.BYTES));
        }
        return (int) crc.getValue();
    }

    private int checksum(long position, long bytes, ByteBuffer buffer) throws IOException {
        crc.reset();
        for (long at = position; at < position + bytes; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), position + bytes - at));
            read(at, buffer);
            crc.update(buffer.flip());
        }
        return (int) crc.getValue();
    }

    /** Fills {@code target}. */
    private void read(long position, ByteBuffer target) throws IOException {
        long at = position - target.position();
        while (target.hasRemaining()) {
            if (readSome(at + target.position(), target) < 0) {
                throw refusal("it became shorter while it was read", null);
            }
        }
    }

    private int readSome(long position, ByteBuffer target) throws IOException {
        try {
            return channel.read(target, position);
        } catch (IOException e) {
            throw unread(path, e);
        }
    }

    // ---- reading

    public SessionManifest manifest() {
        return manifest;
    }

    /** The ids of all tokens. */
    public int[] tokens() throws IOException {
        return integers(SessionManifest.TOKENS);
    }

    /** Of each batch its first token and the one behind its last, in turn. */
    public int[] batches() throws IOException {
        return integers(SessionManifest.BATCHES);
    }

    /** How long the rows are that a policy remembers: all of the first layer, then those of the next. */
    public int[] policyLengths() throws IOException {
        int[] lengths = integers(SessionManifest.POLICY_LENGTHS);
        long sum = 0;
        for (int length : lengths) {
            sum += length;
            if (length < 0 || length > manifest.policyFloats() || length > LONGEST_ROW) {
                throw refusal("a policy's row has a length that is none", null);
            }
        }
        if (sum != manifest.policyFloats()) {
            throw refusal("a policy's rows are not as long as it says", null);
        }
        return lengths;
    }

    /** The rows that a policy remembers, as long as {@link #policyLengths} say: their sum is that of the manifest. */
    public List<float[]> policyRows(int... lengths) throws IOException {
        TensorEntry tensor = find(SessionManifest.POLICY_WEIGHTS);
        long at = dataStart + tensor.offset();
        List<float[]> rows = new ArrayList<>();
        CRC32C sum = new CRC32C();
        for (int length : lengths) {
            ByteBuffer bytes = ByteBuffer.allocate(length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            read(at, bytes);
            sum.update(bytes.flip());
            float[] row = new float[length];
            bytes.flip().asFloatBuffer().get(row);
            rows.add(row);
            at += bytes.capacity();
        }
        if (tensor.bytes() > 0 && (int) sum.getValue() != sums[firstSum(tensor)]) {
            throw changed();
        }
        return rows;
    }

    /** Fills what remains in {@code target} with a block of a layer. */
    public void block(int block, int layer, ByteBuffer target) throws IOException {
        piece(find(SessionManifest.KV), block * manifest.layers() + layer, target);
    }

    /** Fills what remains in {@code target} with the floats of a layer's newest block. */
    public void recent(int layer, ByteBuffer target) throws IOException {
        piece(find(SessionManifest.RECENT), layer, target);
    }

    private void piece(TensorEntry tensor, int piece, ByteBuffer target) throws IOException {
        long bytes = tensor.bytes() / manifest.pieces(tensor.name());
        if (target.remaining() != bytes) {
            throw new IllegalArgumentException("Room for " + target.remaining() + " bytes of " + bytes);
        }
        int start = target.position();
        read(dataStart + tensor.offset() + piece * bytes, target);
        crc.reset();
        crc.update(target.flip().position(start));
        if ((int) crc.getValue() != sums[firstSum(tensor) + piece]) {
            throw changed();
        }
    }

    private SaveException changed() {
        return refusal("it was changed while it was read", null);
    }

    private int[] integers(String name) throws IOException {
        TensorEntry tensor = find(name);
        if (tensor.bytes() == 0) {
            return new int[0];
        }
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        piece(tensor, 0, bytes);
        int[] values = new int[bytes.capacity() / Integer.BYTES];
        bytes.position(0).asIntBuffer().get(values);
        return values;
    }

    private TensorEntry find(String name) {
        for (TensorEntry tensor : tensors) {
            if (tensor.name().equals(name)) {
                return tensor;
            }
        }
        return new TensorEntry(name, TensorType.I32, List.of(0L), 0);
    }

    private int firstSum(TensorEntry of) {
        int sum = 1;
        for (TensorEntry tensor : tensors) {
            if (tensor.name().equals(of.name())) {
                return sum;
            }
            sum += manifest.pieces(tensor.name());
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
