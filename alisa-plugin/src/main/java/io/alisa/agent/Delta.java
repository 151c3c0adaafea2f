package io.alisa.agent;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The difference between two runs of bytes: what to keep of the first, and what the second has in between.
 *
 * <p>A delta is a list of steps: a position and a length in the first to copy from, then a number of new bytes and
 * these bytes.
 */
final class Delta {
    /** Shorter pieces are not worth a step. */
    private static final int WINDOW = Long.BYTES;

    private Delta() {
    }

    static byte[] between(byte[] before, byte[] after) throws IOException {
        Map<Long, Integer> places = new HashMap<>();
        for (int i = 0; i + WINDOW <= before.length; i++) {
            places.putIfAbsent(window(before, i), i);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        int i = 0;
        while (i < after.length) {
            int from = find(places, after, i);
            int length = 0;
            if (from >= 0) {
                length = Arrays.mismatch(before, from, before.length, after, i, after.length);
                length = length < 0 ? after.length - i : length;
            }
            int added = i + length;
            int next = added;
            while (next < after.length && find(places, after, next) < 0) {
                next++;
            }
            out.writeInt(Math.max(from, 0));
            out.writeInt(length);
            out.writeInt(next - added);
            out.write(after, added, next - added);
            i = next;
        }
        return bytes.toByteArray();
    }

    /** Where {@code before} has the next few bytes of {@code after}, or -1. */
    private static int find(Map<Long, Integer> places, byte[] after, int at) {
        return at + WINDOW <= after.length ? places.getOrDefault(window(after, at), -1) : -1;
    }

    private static long window(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).getLong(at);
    }

    static byte[] apply(byte[] before, byte[] delta) throws IOException {
        ByteArrayOutputStream after = new ByteArrayOutputStream(before.length + delta.length);
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(delta));
        while (in.available() > 0) {
            int from = in.readInt();
            after.write(before, from, in.readInt());
            after.writeBytes(in.readNBytes(in.readInt()));
        }
        return after.toByteArray();
    }
}
