package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Recording;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Hosts the plugin was not built against: one that it serves all the same, and one that it leaves alone with a line. */
class HostVersionIT {
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        workspace = Workspace.of(HostVersionIT.class);
    }

    @Test
    void theVersionBeforeSaysTheSame() throws IOException, InterruptedException {
        Path other = Path.of(System.getProperty("compat.other.host"));
        List<Path> classPath = new ArrayList<>(HostProcess.hostClassPath());
        classPath.replaceAll(entry -> entry.getFileName().toString().startsWith("jlama-core-") ? other : entry);
        assertThat(classPath).contains(other);
        IdentityCase test = IdentityCase.ofLlama(workspace);
        IdentityRun run = IdentityRun.of(workspace, "other", test, process -> process.classPath(classPath));
        test.check(run.host(), run.plugin());
        assertThat(doctor(other)).as("what the doctor knows to be compared")
                .containsPattern("(?m)^OK +host +Jlama 0\\.8\\.3 ");
    }

    private static String doctor(Path host) throws IOException, InterruptedException {
        return HostProcess.run(List.of("-cp", HostProcess.pluginJar().toString(), "io.alisa.doctor.Main", "--host",
                host.toString()), ProcessBuilder.Redirect.PIPE, workspace.resolve("doctor.txt"), 1);
    }

    @Test
    void hostWithAnotherFieldIsRefused() throws IOException, InterruptedException {
        Path tampered = Files.createDirectories(workspace.resolve("tampered"));
        TamperedHost.renameField(tampered, "com/github/tjake/jlama/model/CausalSelfAttention", "layerIndex",
                "layerNumber");
        List<Path> classPath = new ArrayList<>(List.of(tampered));
        classPath.addAll(HostProcess.hostClassPath());
        IdentityCase test = IdentityCase.ofLlama(workspace);
        assertRefused(test,
                IdentityRun.of(workspace, "tampered", test, process -> process.classPath(classPath)));
    }

    private static void assertRefused(IdentityCase test, IdentityRun run) throws IOException {
        Recording host = run.host().recording(test.scenario().name());
        Recording plugin = run.plugin().recording(test.scenario().name());
        assertThat(plugin.fact(Fact.PLUGIN_ACTIVE)).isEqualTo("false");
        assertThat(plugin.number(Fact.PAGE_FILES)).as("page files: the host does its own work").isPositive();
        assertThat(run.plugin().output().lines().filter(line -> line.contains("expected") && line.contains("found")))
                .as("lines that name what was expected and what was found").hasSize(1);
        assertThat(test.compare(host, plugin).errors()).isEmpty();
    }
}
