package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The trained model in the host, with the kernels of GPUs, emulated: greedy tokens are those of the CPU. */
class DeviceIT {
    private static final Path MODULE = Path.of("..", "kernels-cuda").toAbsolutePath().normalize();
    private static final String PLAIN = "plain";
    private static final String REWOUND = "rewound";

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        assumeTrue(Files.exists(Path.of("/usr/bin/g++")), "no g++ here: the CUDA kernels are not emulated, not tested");
        workspace = Workspace.of(DeviceIT.class);
    }

    private static List<Scenario> scenarios() {
        return List.of(Scenario.of(PLAIN, Kind.GREEDY, Workspace.memo(), Types.F32, 300, 40),
                Scenario.of(REWOUND, Kind.REWIND, Workspace.memo(), Types.F32, 200, 8));
    }

    private static HostProcess process(String name, boolean sparse) {
        HostProcess process = workspace.withPlugin(name).operations(Operations.PANAMA)
                .property("alisa.kv.type", "int8").property("alisa.memory.fast", "512m");
        return sparse ? process.property("alisa.sparse", "true") : process;
    }

    private static HostProcess wide(HostProcess process) {
        return process.property("alisa.sparse.caching-ratio", "0.85");
    }

    /** With a service file of its own, so that the emulated device is found as the real one is. */
    private static HostProcess withDevice(HostProcess process) throws IOException {
        Path services = workspace.resolve("services");
        Path file = services.resolve(Path.of("META-INF", "services", "io.alisa.device.DeviceModule"));
        Files.createDirectories(file.getParent());
        Files.writeString(file, "io.alisa.cuda.EmulatedModule\n");
        List<Path> classPath = new ArrayList<>(HostProcess.hostClassPath());
        classPath.addAll(List.of(services, MODULE.resolve(Path.of("target", "classes")),
                MODULE.resolve(Path.of("target", "test-classes"))));
        return process.classPath(classPath).property("test.kernels-cuda", MODULE.toString());
    }

    private static long number(HostResult result, String name) {
        Matcher matcher = Pattern.compile("\\b" + name + "=(\\d+)").matcher(result.output());
        assertThat(matcher.find()).as(result.output()).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    private static void compare(HostResult actual, HostResult expected) throws IOException {
        for (Scenario scenario : scenarios()) {
            Recording with = actual.recording(scenario.name());
            Recording without = expected.recording(scenario.name());
            assertThat(with.traces().getFirst().tokens()).as(scenario.name())
                    .isEqualTo(without.traces().getFirst().tokens());
        }
    }

    @Test
    void denseAttentionSaysTheSame() throws IOException, InterruptedException {
        says("dense", false);
    }

    @Test
    void sparseAttentionSaysTheSame() throws IOException, InterruptedException {
        says("sparse", true);
    }

    private static void says(String name, boolean sparse) throws IOException, InterruptedException {
        HostResult expected = process(name + "-cpu", sparse).run(scenarios());
        HostResult actual = withDevice(process(name + "-device", sparse)).property("alisa.backend", "cuda")
                .run(scenarios());
        compare(actual, expected);
        assertThat(number(actual, "launches")).isGreaterThan(6L * 40);
        assertThat(actual.output()).doesNotContain("WARN io.alisa");
        assertThat(expected.output()).doesNotContain("launches=");
    }

    /** So large a window covers the newest block: then the device selects, too. */
    @Test
    void theDeviceSelectsTheSame() throws IOException, InterruptedException {
        HostResult expected = wide(process("selecting-cpu", true)).run(scenarios());
        HostResult actual = wide(withDevice(process("selecting-device", true))).property("alisa.backend", "cuda")
                .run(scenarios());
        compare(actual, expected);
        assertThat(number(actual, "selections")).isGreaterThan(6L * 30);
        assertThat(actual.output()).doesNotContain("WARN io.alisa");
    }

    /** In the middle of the first conversation. */
    @Test
    void aDeviceThatFailsIsNotMissed() throws IOException, InterruptedException {
        HostResult expected = process("lost-cpu", false).run(scenarios());
        HostResult actual = withDevice(process("lost-device", false)).property("test.device.calls", "1500")
                .run(scenarios());
        compare(actual, expected);
        assertThat(number(actual, "launches")).isBetween(20L, 6L * 60);
        assertThat(actual.output()).contains("closed=true").containsOnlyOnce("is not used any more");
    }

    @Test
    void oneLineSaysWhyThereIsNone() throws IOException, InterruptedException {
        HostResult result = process("none", false).property("alisa.backend", "cuda").run(scenarios());
        assertThat(result.output())
                .containsOnlyOnce("alisa.backend=cuda was asked for, but the CPU computes: its module"
                        + " is not on this class path");
    }
}
