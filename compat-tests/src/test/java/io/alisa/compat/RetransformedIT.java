package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarOutputStream;

import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Retransformation;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import org.junit.jupiter.api.Test;

/** Another agent has the host's classes transformed again while all its sessions are closed: they go on all the same. */
class RetransformedIT {
    @Test
    void keptConversationsGoOn() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to test");
        Workspace workspace = Workspace.of(RetransformedIT.class);
        Path jar = workspace.resolve("other-agent.jar");
        new JarOutputStream(Files.newOutputStream(jar), Retransformation.manifest()).close();
        Scenario scenario = Scenario.of("closed and continued", Kind.REOPEN,
                workspace.model(TinyModel.of(Family.LLAMA)), Types.F32, 90, 20);
        HostResult alone = workspace.withPlugin("alone").operations(Operations.PANAMA).run(List.of(scenario));
        HostResult beside = workspace.withPlugin("beside").operations(Operations.PANAMA).flag("-javaagent:" + jar)
                .run(List.of(scenario));
        assertThat(alone.output()).doesNotContain("transformed again");
        assertThat(beside.output()).contains("The host was transformed again");
        assertThat(beside.recording(scenario.name()).traces().getFirst().tokens())
                .isEqualTo(alone.recording(scenario.name()).traces().getFirst().tokens());
    }
}
