package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way a model directory can be wrong is one sentence with a remedy. */
class ModelCheckTest {
    @TempDir
    private Path directory = Path.of("");

    @BeforeEach
    void copyMemo() throws IOException {
        for (String name : new String[]{"config.json", "tokenizer.json", "tokenizer_config.json",
                "model.safetensors"}) {
            Files.copy(Memo.DIRECTORY.resolve(name), directory.resolve(name));
        }
    }

    @Test
    void aCompleteDirectoryIsAccepted() {
        ModelCheck.check(directory);
    }

    @Test
    void noSuchDirectory() {
        refused(directory.resolve("none"), "There is no model directory", "--model");
    }

    @Test
    void configMissing() throws IOException {
        Files.delete(directory.resolve("config.json"));
        refused(directory, "config.json is missing", "--model");
    }

    @Test
    void configUnreadable() throws IOException {
        Files.writeString(directory.resolve("config.json"), "{ not json");
        refused(directory, "config.json is not readable as JSON", "download it again");
    }

    @Test
    void filesThatCannotBeReadNeedNoDownload() throws IOException {
        for (String name : new String[]{"model.safetensors", "tokenizer.json", "config.json"}) {
            Files.delete(directory.resolve(name));
            Files.createDirectory(directory.resolve(name));
            refused(directory, name + " cannot be read (java.io.FileNotFoundException: ", "check its permissions");
        }
    }

    @Test
    void tokenizerMissing() throws IOException {
        Files.delete(directory.resolve("tokenizer.json"));
        refused(directory, "tokenizer.json is missing", "--model");
    }

    @Test
    void familyTheHostDoesNotKnow() throws IOException {
        config("\"llama\"", "\"phi3\"");
        refused(directory, "family 'phi3'", "choose one of gemma");
    }

    @Test
    void encodersCannotChat() throws IOException {
        config("\"llama\"", "\"bert\"");
        refused(directory, "family 'bert'", "choose one of gemma");
    }

    @Test
    void rotationsTheHostWouldNotRead() throws IOException {
        config("\"rope_theta\": 10000.0", "\"rope_parameters\": {\"rope_theta\": 500000.0}");
        refused(directory, "rope_parameters", "top level");
    }

    @Test
    void weightsMissing() throws IOException {
        Files.delete(directory.resolve("model.safetensors"));
        refused(directory, "model.safetensors is missing", "--model");
    }

    @Test
    void aShardMissing() throws IOException {
        Files.writeString(directory.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"a\": \"model.safetensors\", \"b\": \"model-2.safetensors\"}}");
        refused(directory, "model-2.safetensors is missing", "--model");
    }

    @Test
    void weightsCutOff() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(directory.resolve("model.safetensors").toFile(),
                "rw")) {
            file.setLength(file.length() - 1);
        }
        refused(directory, "is cut off", "download it again");
    }

    @Test
    void weightsCutOffInTheirHeader() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(directory.resolve("model.safetensors").toFile(),
                "rw")) {
            file.setLength(100);
        }
        refused(directory, "is cut off", "download it again");
    }

    @Test
    void weightsThatAreSomethingElse() throws IOException {
        Files.writeString(directory.resolve("model.safetensors"),
                "version https://git-lfs.github.com/spec/v1\n");
        refused(directory, "is not a safetensors file", "Git LFS");
        Files.writeString(directory.resolve("model.safetensors"), "");
        refused(directory, "is not a safetensors file", "again");
    }

    @Test
    void headerDamaged() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(directory.resolve("model.safetensors").toFile(),
                "rw")) {
            file.seek(8);
            file.writeByte('?');
        }
        refused(directory, "header is damaged", "download it again");
    }

    @Test
    void whatOnlyTheHostNoticesIsASentenceToo() throws IOException {
        config("\"num_hidden_layers\": 6", "\"num_hidden_layers\": 7");
        assertThatThrownBy(() -> ModelLoader.load(ModelOptions.of(directory))).isInstanceOf(UserError.class)
                .hasMessageContaining("The host cannot load the model")
                .hasMessageContaining("download it again");
    }

    private void config(String from, String to) throws IOException {
        Path file = directory.resolve("config.json");
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
    }

    private static void refused(Path directory, String what, String remedy) {
        assertThatThrownBy(() -> ModelCheck.check(directory)).isInstanceOf(UserError.class)
                .hasMessageContaining(what).hasMessageContaining(remedy)
                .extracting(Throwable::getMessage).asString().doesNotContain("\n");
    }
}
