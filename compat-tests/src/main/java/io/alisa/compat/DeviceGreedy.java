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

import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;

/**
 * The trained model in the host on a machine with a GPU: greedy tokens with the device must be those of the CPU. The bundle of
 * kernels-cuda runs it. Tests do the same with the kernels emulated.
 *
 * <p>Use: {@code DeviceGreedy MODEL WORK FILE}, with the host on the class path, the plugin's jar in the property
 * {@code compat.agent} and the class path of a module that finds the GPU in {@code compat.device}. Leaves JSON in FILE.
 */
public final class DeviceGreedy {
    private static final Pattern LAUNCHES = Pattern.compile("\\blaunches=([1-9]\\d*)");
    private static final String PLAIN = "plain";
    private static final String REWOUND = "rewound";

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
        runs.compare("dense", List.of());
        runs.compare("sparse", List.of("alisa.sparse=true"));
        runs.compare("the device selects", List.of("alisa.sparse=true", "alisa.sparse.caching-ratio=0.85"));
        Files.writeString(Path.of(arguments[2]),
                "{\"same\": " + runs.same + ", \"runs\": [\n  " + String.join(",\n  ", runs.figures) + "]}\n");
        System.exit(runs.same ? 0 : 1);
    }

    /** A short prompt, one that is cut back, and a longer one. */
    private List<Scenario> scenarios() {
        return List.of(Scenario.of(PLAIN, Kind.GREEDY, model, Types.F32, 300, 40),
                Scenario.of(REWOUND, Kind.REWIND, model, Types.F32, 200, 8),
                Scenario.of("long", Kind.GREEDY, model, Types.F32, 1500, 64));
    }

    private HostProcess process(String name, List<String> properties) {
        HostProcess process = HostProcess.withPlugin(work.resolve(name.replace(' ', '-')))
                .operations(Operations.PANAMA).flag("--enable-native-access=ALL-UNNAMED")
                .flag("--add-modules=jdk.incubator.vector").property("alisa.kv.type", "int8");
        for (String property : properties) {
            int at = property.indexOf('=');
            process.property(property.substring(0, at), property.substring(at + 1));
        }
        return process;
    }

    private void compare(String name, List<String> properties) throws IOException, InterruptedException {
        HostResult cpu = process(name + " cpu", properties).run(scenarios());
        List<Path> classPath = new ArrayList<>(HostProcess.hostClassPath());
        Arrays.stream(System.getProperty("compat.device").split(File.pathSeparator, -1)).map(Path::of)
                .map(Path::toAbsolutePath).forEach(classPath::add);
        HostResult device = process(name + " device", properties).classPath(classPath).property("alisa.backend", "cuda")
                .run(scenarios());
        Matcher launches = LAUNCHES.matcher(device.output());
        boolean used = !device.output().contains("WARN io.alisa") && launches.find();
        int tokens = 0;
        int equal = 0;
        for (Scenario scenario : scenarios()) {
            List<Integer> expected = cpu.recording(scenario.name()).traces().getFirst().tokens();
            List<Integer> actual = device.recording(scenario.name()).traces().getFirst().tokens();
            tokens += expected.size();
            for (int i = 0; i < expected.size() && expected.get(i).equals(actual.get(i)); i++) {
                equal++;
            }
        }
        same &= used && equal == tokens;
        String figure = "{\"attention\": \"%s\", \"tokens\": %d, \"equal\": %d, \"launches\": %s}".formatted(name,
                tokens, equal,
                used ? launches.group(1) : "0");
        figures.add(figure);
        System.out.println(figure);
        if (!used) {
            System.out.println(device.output());
        }
    }
}
