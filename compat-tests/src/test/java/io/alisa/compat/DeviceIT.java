package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The trained model in the host, with the kernels of GPUs, emulated: greedy tokens are those of the CPU. */
class DeviceIT {
    private static final Path MODULE = Path.of("..", "kernels-cuda").toAbsolutePath().normalize();
    private static Workspace workspace;
    /** What the CPU says, asked for a device that is not there, and what the device says, in all modes. */
    private static HostResult expected = new HostResult(Map.of(), "");
    private static HostResult device = new HostResult(Map.of(), "");

    @BeforeAll
    static void open() throws IOException, InterruptedException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        assumeTrue(Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "g++"))),
                "no g++ on the path: the CUDA kernels are not emulated, not tested");
        workspace = Workspace.of(DeviceIT.class);
        List<Scenario> all = new ArrayList<>();
        for (DeviceMode mode : DeviceMode.values()) {
            all.addAll(scenarios(mode));
        }
        expected = process("cpu").property("alisa.backend", "cuda").run(all);
        device = withDevice(process("device")).property("alisa.backend", "cuda").run(all);
    }

    private static List<Scenario> scenarios(DeviceMode mode) {
        return mode.scenarios(Workspace.memo());
    }

    private static HostProcess process(String name) {
        return workspace.withPlugin(name).operations(Operations.PANAMA).property("alisa.kv.type", "int8")
                .property("alisa.memory.fast", "512m");
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

    private static void compare(HostResult actual, DeviceMode mode) throws IOException {
        for (Scenario scenario : scenarios(mode)) {
            Recording with = actual.recording(scenario.name());
            Recording without = expected.recording(scenario.name());
            assertThat(with.traces().getFirst().tokens()).as(scenario.name())
                    .isEqualTo(without.traces().getFirst().tokens());
        }
    }

    /** How much a fact grew while a mode's scenarios ran. */
    private static long during(DeviceMode mode, Fact fact) throws IOException {
        long before = 0;
        for (DeviceMode earlier : DeviceMode.values()) {
            if (earlier == mode) {
                break;
            }
            before = counted(earlier, fact);
        }
        return counted(mode, fact) - before;
    }

    private static long counted(DeviceMode mode, Fact fact) throws IOException {
        return device.recording(scenarios(mode).getLast().name()).number(fact);
    }

    private static void says(DeviceMode mode) throws IOException {
        compare(device, mode);
        assertThat(during(mode, Fact.DEVICE_LAUNCHES)).isGreaterThan(6L * 40);
        assertThat(device.output()).doesNotContain("WARN io.alisa");
    }

    @Test
    void denseAttentionSaysTheSame() throws IOException {
        says(DeviceMode.DENSE);
        assertThat(during(DeviceMode.DENSE, Fact.DEVICE_SELECTIONS)).isZero();
    }

    @Test
    void sparseAttentionSaysTheSame() throws IOException {
        says(DeviceMode.SPARSE);
    }

    @Test
    void theDeviceSelectsTheSame() throws IOException {
        says(DeviceMode.SELECTING);
        assertThat(during(DeviceMode.SELECTING, Fact.DEVICE_SELECTIONS)).isGreaterThan(6L * 30);
    }

    /** In the middle of the first conversation. */
    @Test
    void aDeviceThatFailsIsNotMissed() throws IOException, InterruptedException {
        HostResult actual = withDevice(process("lost")).property("test.device.calls", "1500")
                .run(scenarios(DeviceMode.DENSE));
        compare(actual, DeviceMode.DENSE);
        assertThat(number(actual, "launches")).isBetween(20L, 6L * 60);
        assertThat(actual.output()).contains("closed=true").containsOnlyOnce("is not used any more");
    }

    @Test
    void oneLineSaysWhyThereIsNone() {
        assertThat(expected.output()).doesNotContain("launches=")
                .containsOnlyOnce("alisa.backend=cuda was asked for, but the CPU computes: its module"
                        + " is not on this class path");
    }
}
