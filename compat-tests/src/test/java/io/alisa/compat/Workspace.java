package io.alisa.compat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.TinyModels;

/** Where one test class keeps its models and recordings: under {@code target}, empty at first, kept for a look later. */
final class Workspace {
    private final Path directory;

    private Workspace(Path directory) {
        this.directory = directory;
    }

    static Workspace of(Class<?> test) throws IOException {
        Path directory = Path.of("target", "compat", test.getSimpleName()).toAbsolutePath();
        if (Files.exists(directory)) {
            TemporaryDirectory.delete(directory);
        }
        return new Workspace(Files.createDirectories(directory));
    }

    /** The trained model that comes with the examples. */
    static Path memo() {
        return Path.of("..", "examples", "models", "memo").toAbsolutePath().normalize();
    }

    Path model(TinyModel model) throws IOException {
        return TinyModels.write(models(), model);
    }

    Path models() throws IOException {
        return Files.createDirectories(directory.resolve("models"));
    }

    /** The unmodified host, to be recorded under a name. */
    HostProcess unmodified(String name) {
        return HostProcess.unmodified(directory.resolve(name + "-host"));
    }

    /** The host with the plugin. */
    HostProcess withPlugin(String name) {
        return HostProcess.withPlugin(directory.resolve(name + "-plugin"));
    }

    Path resolve(String name) {
        return directory.resolve(name);
    }
}
