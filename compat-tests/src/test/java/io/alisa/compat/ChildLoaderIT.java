package io.alisa.compat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.alisa.compat.loader.ChildLoaderMain;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.ScenarioMain;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;

import org.junit.jupiter.api.BeforeAll;
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
        TinyModel model = TinyModel.of(Family.LLAMA).heads(8, 4, 32);
        IdentityCase test = IdentityCase.of(Scenario.of("LLAMA", Kind.GREEDY, workspace.model(model), Types.F32, 100,
                100), model);
        Path launcher = launcherAlone(workspace.resolve(parent + "-launcher"));
        String childPath = String.join(File.pathSeparator,
                HostProcess.hostClassPath().stream().map(Path::toString).toList());
        IdentityRun run = IdentityRun.of(workspace, parent, List.of(), List.of(test),
                process -> process.operations(Operations.PANAMA).classPath(List.of(launcher)).mainClass(List
                        .of(ChildLoaderMain.class.getName(), parent, childPath, ScenarioMain.class.getName())));
        test.check(run.host(), run.plugin());
    }

    /** A directory with the launcher's class and nothing else. */
    private static Path launcherAlone(Path directory) throws IOException {
        String name = ChildLoaderMain.class.getName().replace('.', '/') + ".class";
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        try (InputStream bytes = ChildLoaderMain.class.getResourceAsStream("/" + name)) {
            Files.copy(bytes, file);
        }
        return directory;
    }
}
