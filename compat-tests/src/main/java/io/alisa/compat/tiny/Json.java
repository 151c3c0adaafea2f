package io.alisa.compat.tiny;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

import com.fasterxml.jackson.databind.ObjectMapper;

/** JSON by the library that the host brings along anyway. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {
    }

    static byte[] bytes(Map<String, ?> value) throws IOException {
        return MAPPER.writeValueAsBytes(value);
    }

    static void write(Path file, Map<String, ?> value) throws IOException {
        MAPPER.writeValue(file.toFile(), value);
    }
}
