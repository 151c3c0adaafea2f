package io.alisa.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.TinyModels;

/**
 * A model with random weights that clients can talk with: it has the trained model's tokenizer and chat template, and half
 * of its tokens end a reply, since nothing else would.
 */
final class TalkingModel {
    private static final int TOKENS = 2048;

    private TalkingModel() {
    }

    /** @param trained directory of the model whose tokenizer it takes */
    static Path write(Path parent, TinyModel shape, Path trained) throws IOException {
        Path random = TinyModels.write(parent, shape.vocab(TOKENS));
        Path directory = Files.createDirectories(parent.resolve(random.getFileName() + "-talking"));
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.write(directory.resolve(file), Files.readAllBytes(trained.resolve(file)));
        }
        String ends = IntStream.range(0, TOKENS / 2).mapToObj(i -> Integer.toString(2 * i + 1))
                .collect(Collectors.joining(",", "[", "]"));
        String config = Files.readString(random.resolve("config.json"));
        String talking = config.replaceFirst("\"eos_token_id\"\\s*:\\s*\\d+", "\"eos_token_id\": " + ends);
        if (talking.equals(config)) {
            throw new IOException("No eos_token_id in " + random.resolve("config.json"));
        }
        Files.writeString(directory.resolve("config.json"), talking);
        Path weights = directory.resolve("model.safetensors");
        if (!Files.exists(weights)) {
            Files.createLink(weights, random.resolve("model.safetensors"));
        }
        return directory;
    }
}
