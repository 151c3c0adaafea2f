package io.alisa.save;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.alisa.json.JsonReader;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file: which tensors lie where behind it, and a map of texts.
 *
 * <pre>
 *  +-----------------------+--------------------------+---------------------------------+
 *  | bytes of the header,  | header: JSON, padded with| tensors, one behind the other,  |
 *  | 8 bytes little-endian | blanks to 8 bytes        | no holes, little-endian         |
 *  +-----------------------+--------------------------+---------------------------------+
 *  {"__metadata__": {"key": "text", ...}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
 * </pre>
 *
 * Reading is strict: whatever the format does not allow is refused, and what our files never have as well. A header is
 * small whatever the session's size, so that reading one takes little memory whatever it claims.
 *
 * @param metadata texts by key
 * @param tensors  in the order of their offsets
 */
record SafetensorsHeader(Map<String, String> metadata, List<TensorEntry> tensors) {
    /** Bytes of the length in front of it. */
    static final int LENGTH_BYTES = 8;
    /** Bytes of the largest header that is read. */
    static final int LARGEST = 16 << 10;
    private static final int ALIGNMENT = 8;
    private static final JsonReader.Limits LIMITS = new JsonReader.Limits(LARGEST, 3, 512);
    private static final String METADATA = "__metadata__";
    /** Sizes and offsets are below this, so that no sum of two overflows and every one is exact in JSON. */
    private static final double TOO_LARGE = 1L << 53;

    SafetensorsHeader {
        metadata = Map.copyOf(metadata);
        tensors = List.copyOf(tensors);
    }

    /** Bytes of all tensors. */
    long dataBytes() {
        return tensors.isEmpty() ? 0 : tensors.getLast().end();
    }

    // ---- writing

    /**
     * The length and the JSON text behind it.
     *
     * @throws IllegalStateException where that is too large, with a sentence for the user
     */
    byte[] bytes() {
        StringBuilder text = new StringBuilder("{\"" + METADATA + "\":{");
        String separator = "";
        for (Map.Entry<String, String> entry : metadata.entrySet().stream().sorted(Map.Entry.comparingByKey())
                .toList()) {
            text.append(separator).append(quoted(entry.getKey())).append(':').append(quoted(entry.getValue()));
            separator = ",";
        }
        text.append('}');
        for (TensorEntry tensor : tensors) {
            text.append(",").append(quoted(tensor.name())).append(":{\"dtype\":\"").append(tensor.type())
                    .append("\",\"shape\":").append(numbers(tensor.shape())).append(",\"data_offsets\":")
                    .append(numbers(List.of(tensor.offset(), tensor.end()))).append('}');
        }
        byte[] json = text.append('}').toString().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (padded > LARGEST) {
            throw new IllegalStateException("What is to be said of this session besides its tokens takes " + padded
                    + " bytes, and a saved one has " + LARGEST + ": pin fewer spans of tokens");
        }
        ByteBuffer bytes = ByteBuffer.allocate(LENGTH_BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(padded).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        return bytes.array();
    }

    private static String numbers(List<Long> values) {
        return values.toString().replace(" ", "");
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    // ---- reading

    /**
     * Reads the JSON text.
     *
     * @param dataBytes bytes of the file behind it, all of which must belong to a tensor
     * @throws IllegalArgumentException with what is wrong, as the end of a sentence
     */
    static SafetensorsHeader parse(byte[] json, long dataBytes) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("its header is not UTF-8", e);
        }
        if (!(JsonReader.read(text, LIMITS) instanceof Map<?, ?> members)) {
            throw new IllegalArgumentException("its header is no JSON object");
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        List<TensorEntry> tensors = new ArrayList<>();
        members.forEach((name, value) -> {
            if (name.equals(METADATA)) {
                metadata.putAll(texts(value));
            } else {
                tensors.add(tensor((String) name, value));
            }
        });
        tensors.sort(Comparator.comparingLong(TensorEntry::offset));
        long end = 0;
        for (TensorEntry tensor : tensors) {
            if (tensor.offset() != end) {
                throw new IllegalArgumentException(
                        "'" + JsonReader.excerpt(tensor.name()) + "' lies at " + tensor.offset() + " and not at "
                                + end + ", where the tensor before it ends");
            }
            end = tensor.end();
        }
        if (end != dataBytes) {
            throw new IllegalArgumentException("its tensors take " + end + " bytes and " + dataBytes
                    + " are there (a file that was cut off?)");
        }
        return new SafetensorsHeader(metadata, tensors);
    }

    private static Map<String, String> texts(@Nullable Object value) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (!(value instanceof Map<?, ?> entries)) {
            throw new IllegalArgumentException("'" + METADATA + "' is no object");
        }
        entries.forEach((key, text) -> {
            if (!(text instanceof String string)) {
                throw new IllegalArgumentException("'" + METADATA + "' has a value that is no text");
            }
            texts.put((String) key, string);
        });
        return texts;
    }

    private static TensorEntry tensor(String tensorName, @Nullable Object value) {
        String name = JsonReader.excerpt(tensorName);
        if (!(value instanceof Map<?, ?> members) || members.size() != 3) {
            throw new IllegalArgumentException("'" + name + "' is not described as a tensor");
        }
        TensorType type = TensorType.find(String.valueOf(members.get("dtype")));
        if (type == null) {
            throw new IllegalArgumentException("'" + name + "' has no type we know");
        }
        List<Long> shape = wholeNumbers(name, members.get("shape"));
        List<Long> offsets = wholeNumbers(name, members.get("data_offsets"));
        if (offsets.size() != 2) {
            throw new IllegalArgumentException("'" + name + "' has no beginning and end");
        }
        TensorEntry tensor = new TensorEntry(tensorName, type, shape, offsets.get(0));
        try {
            if (tensor.end() != offsets.get(1)) {
                throw new IllegalArgumentException("'" + name + "' is not as large as its shape says");
            }
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + name + "' has a shape that no file could hold", e);
        }
        return tensor;
    }

    private static List<Long> wholeNumbers(String name, @Nullable Object value) {
        List<Long> numbers = new ArrayList<>();
        if (value instanceof List<?> elements) {
            for (Object element : elements) {
                if (!(element instanceof Double number) || !(number >= 0 && number < TOO_LARGE)
                        || number != Math.rint(number)) {
                    throw new IllegalArgumentException("'" + name + "' has a size that is none");
                }
                numbers.add(number.longValue());
            }
            return numbers;
        }
        throw new IllegalArgumentException("'" + name + "' has no shape or no offsets");
    }
}
