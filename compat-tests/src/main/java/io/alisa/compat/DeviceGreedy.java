package io.alisa.compat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.alisa.compat.scenario.Scenario;

/**
 * The trained model in the host on a machine with a GPU: greedy tokens with the device must be those of the CPU. The bundle of
 * kernels-cuda runs it. Tests do the same with the kernels emulated.
 *
 * <p>Use: {@code DeviceGreedy MODEL WORK FILE}, with the host on the class path, the plugin's jar in the property
 * {@code compat.agent} and the class path of a module that finds the GPU in {@code compat.device}. Leaves JSON in FILE.
 */
public final class DeviceGreedy {
    private static final Pattern LAUNCHES = Pattern.compile("\\blaunches=([1-9]\\d*)");

    private final Path model;
    private final Path work;
    private final List<String> figures = new ArrayList<>();
    private boolean same = true;

    private DeviceGreedy(Path model, Path work) {
        this.model = model;
        this.work = work;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        DeviceGreedy runs = new DeviceGreedy(Path.of(arguments[0]), Path.of(arguments[1]));
        for (DeviceMode mode : DeviceMode.values()) {
            runs.compare(mode);
        }
        Files.writeString(Path.of(arguments[2]),
                "{\"same\": " + runs.same + ", \"runs\": [\n  " + String.join(",\n  ", runs.figures) + "]}\n");
        System.exit(runs.same ? 0 : 1);
    }

    private HostProcess process(String name) {
        return HostProcess.withPlugin(work.resolve(name.replace(' ', '-'))).operations(Operations.PANAMA)
                .flag("--enable-native-access=ALL-UNNAMED").flag("--add-modules=jdk.incubator.vector")
                .property("alisa.kv.type", "int8");
    }

    private void compare(DeviceMode mode) throws IOException, InterruptedException {
        List<Scenario> scenarios = mode.moreScenarios(model);
        HostResult cpu = process(mode.label() + " cpu").run(scenarios);
        List<Path> classPath = new ArrayList<>(HostProcess.hostClassPath());
        Arrays.stream(System.getProperty("compat.device").split(File.pathSeparator, -1)).map(Path::of)
                .map(Path::toAbsolutePath).forEach(classPath::add);
        HostResult device = process(mode.label() + " device").classPath(classPath).property("alisa.backend", "cuda")
                .run(scenarios);
        Matcher launches = LAUNCHES.matcher(device.output());
        boolean used = !device.output().contains("WARN io.alisa") && launches.find();
        int tokens = 0;
        int equal = 0;
        for (Scenario scenario : scenarios) {
            List<Integer> expected = cpu.recording(scenario.name()).traces().getFirst().tokens();
            List<Integer> actual = device.recording(scenario.name()).traces().getFirst().tokens();
            tokens += expected.size();
            for (int i = 0; i < expected.size() && expected.get(i).equals(actual.get(i)); i++) {
                equal++;
            }
        }
        same &= used && equal == tokens;
        String figure = "{\"attention\": \"%s\", \"tokens\": %d, \"equal\": %d, \"launches\": %s}".formatted(
                mode.label(), tokens, equal, used ? launches.group(1) : "0");
        figures.add(figure);
        System.out.println(figure);
        if (!used) {
            System.out.println(device.output());
        }
    }
}
