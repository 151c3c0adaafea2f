package io.alisa.chat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.tjake.jlama.model.ModelSupport.ModelType;

/** Looks at a model directory before the host does, whose own messages are stack traces. */
final class ModelCheck {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LARGEST_HEADER = 1L << 30;

    private ModelCheck() {
    }

    static void check(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new UserError("There is no model directory " + directory
                    + "; name one with --model that holds config.json, tokenizer.json and *.safetensors");
        }
        JsonNode config = json(directory, "config.json");
        family(directory, config);
        if (config.has("rope_parameters") && !config.has("rope_theta")) {
            throw new UserError(directory.resolve("config.json")
                    + " has rope_parameters, which the host does not read; write its rope_theta at the top level too");
        }
        json(directory, "tokenizer.json");
        for (String file : weightFiles(directory)) {
            safetensors(directory.resolve(file));
        }
    }

    private static void family(Path directory, JsonNode config) {
        List<String> known = Arrays.stream(ModelType.values()).filter(type -> type != ModelType.BERT)
                .map(type -> type.name().toLowerCase(Locale.ROOT)).sorted().toList();
        String family = config.path("model_type").asText("");
        if (!known.contains(family.toLowerCase(Locale.ROOT))) {
            throw new UserError("The host cannot chat with a model of the family '" + family + "' ("
                    + directory.resolve("config.json") + "); choose one of " + String.join(", ", known));
        }
    }

    private static Set<String> weightFiles(Path directory) {
        if (Files.exists(directory.resolve("model.safetensors.index.json"))) {
            Set<String> files = new TreeSet<>();
            json(directory, "model.safetensors.index.json").path("weight_map")
                    .forEach(f -> files.add(f.asText()));
            return files;
        }
        return Set.of("model.safetensors");
    }

    private static JsonNode json(Path directory, String name) {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            throw missing(file);
        }
        try {
            return JSON.readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw new UserError(file + " is not readable as JSON; download it again", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static void safetensors(Path file) {
        if (!Files.exists(file)) {
            throw missing(file);
        }
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long header = in.length() < Long.BYTES ? -1 : Long.reverseBytes(in.readLong());
            if (header < 2 || header > LARGEST_HEADER) {
                throw new UserError(file + " is not a safetensors file (perhaps a Git LFS pointer);"
                        + " download the model's weights again");
            }
            long needed = Long.BYTES + header;
            if (needed <= in.length()) {
                needed += dataBytes(in, file, (int) header);
            }
            if (needed > in.length()) {
                throw new UserError(
                        file + " is cut off: " + in.length() + " bytes are there and at least " + needed
                                + " belong to it; download it again");
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static long dataBytes(RandomAccessFile in, Path file, int header) throws IOException {
        byte[] bytes = new byte[header];
        in.readFully(bytes);
        long end = 0;
        try {
            for (JsonNode tensor : JSON.readTree(new String(bytes, StandardCharsets.UTF_8))) {
                end = Math.max(end, tensor.path("data_offsets").path(1).asLong());
            }
        } catch (IOException e) {
            throw new UserError(
                    file + " is not a safetensors file (its header is damaged); download it again", e);
        }
        return end;
    }

    private static UserError unreadable(Path file, IOException cause) {
        return new UserError(file + " cannot be read (" + cause + "); check its permissions", cause);
    }

    private static UserError missing(Path file) {
        return new UserError(file + " is missing; name a complete Hugging Face model directory with --model");
    }
}
