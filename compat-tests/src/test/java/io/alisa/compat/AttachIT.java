package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;

import io.alisa.compat.loader.AttachMain;
import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.ScenarioMain;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The agent comes when the application runs already. */
class AttachIT {
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to test");
        workspace = Workspace.of(AttachIT.class);
    }

    @Test
    void behindTheHostItServesNothingAndSaysWhy() throws IOException, InterruptedException {
        IdentityCase test = IdentityCase.ofLlama(workspace);
        HostResult host = workspace.unmodified("late").operations(Operations.PANAMA)
                .run(List.of(test.scenario().serial()));
        HostResult attached = attached("late", "com.github.tjake.jlama.model.AbstractModel", test, host);
        assertThat(attached.output().lines().filter(line -> line.startsWith("[alisa]"))).singleElement().asString()
                .contains("Jlama was loaded before the plugin came", "-javaagent:alisa-plugin.jar");
        String name = test.scenario().name();
        assertThat(attached.recording(name).fact(Fact.PLUGIN_ACTIVE)).isEqualTo("false");
        assertThat(test.compare(host.recording(name), attached.recording(name)).errors()).isEmpty();
    }

    @Test
    void beforeTheHostItServesIt() throws IOException, InterruptedException {
        IdentityCase test = IdentityCase.ofLlama(workspace);
        HostResult host = workspace.unmodified("early").operations(Operations.PANAMA)
                .run(List.of(test.scenario().serial()));
        HostResult attached = attached("early", "none", test, host);
        assertThat(attached.output()).doesNotContain("[alisa]");
        test.check(host, attached);
    }

    private static HostResult attached(String name, String loaded, IdentityCase test, HostResult host)
            throws IOException, InterruptedException {
        Scenario scenario = test.scenario();
        return workspace.unmodified(name + "-attached").operations(Operations.PANAMA)
                .flag("-Djdk.attach.allowAttachSelf=true").flag("-XX:+EnableDynamicAgentLoading")
                .mainClass(List.of(AttachMain.class.getName(), HostProcess.pluginJar().toString(), loaded,
                        ScenarioMain.class.getName()))
                .run(List.of(scenario.reference(host.file(scenario.name()))));
    }
}
