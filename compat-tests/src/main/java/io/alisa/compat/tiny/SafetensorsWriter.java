package io.alisa.compat.tiny;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a safetensors file: eight bytes of header length, little endian, the JSON header, the data. */
final class SafetensorsWriter {
    private final WeightType type;
    private final Map<String, Object> header = new LinkedHashMap<>();
    private final List<float[]> data = new ArrayList<>();
    private long end;

    SafetensorsWriter(WeightType type) {
        this.type = type;
    }

    void add(String name, int[] shape, float[] values) {
        long start = end;
        end += (long) values.length * type.bytes();
        header.put(name,
                Map.of("dtype", type.name(), "shape", shape, "data_offsets", new long[]{start, end}));
        data.add(values);
    }

    void write(Path file) throws IOException {
        byte[] json = Json.bytes(header);
        // The data starts at a multiple of eight bytes, as the format's authors do it: padded with blanks.
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer head = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(padded).put(json);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            writeFully(channel, head.flip());
            for (float[] values : data) {
                ByteBuffer body = ByteBuffer.allocate(values.length * type.bytes())
                        .order(ByteOrder.LITTLE_ENDIAN);
                for (float value : values) {
                    type.put(body, value);
                }
                writeFully(channel, body.flip());
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
