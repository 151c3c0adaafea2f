package io.alisa.compat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Trace;

/**
 * The trained model in the host on a machine with a GPU: greedy tokens with the device must be those of the CPU. The bundle of
 * kernels-cuda runs it. Tests do the same with the kernels emulated.
 *
 * <p>Where the CPU's two best tokens weigh nearly the same either may be said: last bits differ, INT8 rounds them to codes that
 * differ by one, and logits differ by a tenth or two. With the device the session is told what it said by the CPU, so a tie
 * ends no comparison; few are ties.
 *
 * <p>Use: {@code DeviceGreedy MODEL WORK FILE}, with the host on the class path, the plugin's jar in the property
 * {@code compat.agent} and the class path of a module that finds the GPU in {@code compat.device}. Leaves JSON in FILE.
 */
public final class DeviceGreedy {
    private static final Pattern LAUNCHES = Pattern.compile("\\blaunches=([1-9]\\d*)");

    /** The most that logits may differ by. */
    private static final float LARGEST_DIFFERENCE = 0.5f;
    /** By so much less than the best a token may weigh by the CPU for the device to say it, in one of so many steps. */
    private static final float TIE = 0.1f;
    private static final int STEPS_OF_A_TIE = 50;

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
                .run(scenarios.stream().map(scenario -> scenario.reference(cpu.file(scenario.name()))).toList());
        Matcher launches = LAUNCHES.matcher(device.output());
        boolean used = !device.output().contains("WARN io.alisa") && launches.find();
        int tokens = 0;
        int equal = 0;
        float difference = 0;
        List<String> ties = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            Trace expected = cpu.recording(scenario.name()).traces().getFirst();
            Trace actual = device.recording(scenario.name()).traces().getFirst();
            same &= actual.steps() == expected.steps();
            tokens += expected.steps();
            for (int i = 0; i < Math.min(expected.steps(), actual.steps()); i++) {
                float ofStep = difference(expected.logits(i), actual.logits(i));
                difference = Math.max(difference, ofStep);
                if (expected.token(i) == actual.token(i)) {
                    equal++;
                    continue;
                }
                float gap = expected.logits(i)[expected.token(i)] - expected.logits(i)[actual.token(i)];
                same &= gap < TIE;
                ties.add(String.format(Locale.ROOT, "{\"scenario\": \"%s\", \"step\": %d,"
                        + " \"gap of the CPU's two\": %.4f, \"logits differ by\": %.4f}", scenario.name(), i, gap,
                        ofStep));
            }
        }
        same &= used && difference <= LARGEST_DIFFERENCE && ties.size() * STEPS_OF_A_TIE <= tokens;
        String figure = String.format(Locale.ROOT,
                "{\"attention\": \"%s\", \"tokens\": %d, \"equal\": %d, \"launches\": %s,"
                        + " \"logits differ by\": %.4f, \"ties\": [%s]}",
                mode.label(), tokens, equal, used ? launches.group(1) : "0", difference, String.join(", ", ties));
        figures.add(figure);
        System.out.println(figure);
        if (!used) {
            System.out.println(device.output());
        }
    }

    private static float difference(float[] first, float[] second) {
        float most = 0;
        for (int i = 0; i < first.length; i++) {
            most = Math.max(most, Math.abs(first[i] - second[i]));
        }
        return most;
    }
}
