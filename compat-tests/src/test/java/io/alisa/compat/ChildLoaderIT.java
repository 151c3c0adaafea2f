package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import io.alisa.compat.loader.ChildLoaderMain;
import io.alisa.compat.loader.TwoHostsMain;
import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.ScenarioMain;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The host in a child class loader, as in a Spring Boot or Quarkus application: the class path has no host at all. */
class ChildLoaderIT {
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        workspace = Workspace.of(ChildLoaderIT.class);
    }

    /** Below the platform loader the host can't see the agent's classes either. */
    @ParameterizedTest
    @ValueSource(strings = {"system", "platform"})
    void activeBelow(String parent) throws IOException, InterruptedException {
        IdentityCase test = IdentityCase.ofLlama(workspace);
        Path launcher = launcherAlone(workspace.resolve(parent + "-launcher"), ChildLoaderMain.class);
        IdentityRun run = IdentityRun.of(workspace, parent, test,
                process -> process.classPath(List.of(launcher)).mainClass(List
                        .of(ChildLoaderMain.class.getName(), parent, hostPath(), ScenarioMain.class.getName())));
        test.check(run.host(), run.plugin());
    }

    /** An id is looked for in both. */
    @Test
    void eachOfTwoHostsSavesItsOwnSessions() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to test");
        Path saves = Files.createDirectories(workspace.resolve("saves"));
        Path model = workspace.model(TinyModel.of(Family.LLAMA));
        List<Scenario> saving = Stream.of("first", "second", "third")
                .map(name -> Scenario.of(name, Kind.SAVE, model, Types.F32, 0, 5).text("one two " + name)).toList();
        HostResult result = workspace.withPlugin("two").operations(Operations.PANAMA)
                .property("compat.saves", saves.toString())
                .classPath(List.of(launcherAlone(workspace.resolve("two-launcher"), TwoHostsMain.class)))
                .mainClass(List.of(TwoHostsMain.class.getName(), hostPath(), ScenarioMain.class.getName())).run(saving);
        for (Scenario scenario : saving) {
            assertThat(result.recording(scenario.name()).fact(Fact.PLUGIN_ACTIVE)).isEqualTo("true");
            assertThat(saves.resolve(scenario.name() + ".safetensors")).isNotEmptyFile();
        }
    }

    private static String hostPath() {
        return String.join(File.pathSeparator, HostProcess.hostClassPath().stream().map(Path::toString).toList());
    }

    /** A directory with the launcher's class and nothing else. */
    private static Path launcherAlone(Path directory, Class<?> launcher) throws IOException {
        String name = launcher.getName().replace('.', '/') + ".class";
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        try (InputStream bytes = launcher.getResourceAsStream("/" + name)) {
            Files.copy(bytes, file);
        }
        return directory;
    }
}
