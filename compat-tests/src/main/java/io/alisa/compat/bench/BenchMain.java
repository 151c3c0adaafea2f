package io.alisa.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.alisa.compat.ClientProcess.Client;
import io.alisa.compat.HostProcess;
import io.alisa.compat.tiny.WeightType;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Runs all benchmarks, opponent after opponent, and writes the figures as tables.
 *
 * <p>Arguments: the plugin jar, the directory for the report, and benchmarks to run (default: all of
 * {@code kernel layer model decode prefill tiers longtiers timeline restore clients startup}).
 */
public final class BenchMain {
    private static final List<Mode> ALL = List.of(Mode.values());
    /** A prompt is attended densely: one ratio is as good as another. */
    private static final List<Mode> WITHOUT_SPARSE_10 = List.of(Mode.HOST, Mode.EXACT, Mode.INT8, Mode.SPARSE_20);

    private final List<String> wanted;
    private final Forks forks;
    private final BenchReport report = new BenchReport();

    private BenchMain(List<String> wanted, Forks forks) {
        this.wanted = wanted;
        this.forks = forks;
    }

    public static void main(String[] arguments) throws RunnerException, IOException, InterruptedException {
        List<String> set = HostProcess.flagsOfOthers(System.getenv().keySet());
        if (!set.isEmpty()) {
            throw new IllegalArgumentException(
                    "Unset " + String.join(", ", set) + ": what is measured must not depend on the environment");
        }
        String agent = arguments[0];
        Path directory = Files.createDirectories(Path.of(arguments[1]));
        List<String> wanted = arguments.length > 2
                ? List.of(arguments).subList(2, arguments.length)
                : List.of("kernel", "layer", "model", "decode", "prefill", "tiers", "longtiers", "timeline", "restore",
                        "clients", "startup");
        BenchMain main = new BenchMain(wanted, new Forks(agent, directory));
        main.layers();
        main.models();
        main.tiers(new ChildJvm(agent), directory);
        if (wanted.contains("restore")) {
            main.report.add(RestoreBench.report(new RestoreBench(new ChildJvm(agent)).run(), main.report.bars()));
        }
        main.clients(agent, directory);
        if (wanted.contains("startup")) {
            main.report.startup(StartupBench.run(agent));
        }
        String text = main.report.text();
        Files.writeString(directory.resolve("benchmarks.md"), text);
        System.out.println(text);
    }

    private void layers() throws RunnerException, IOException {
        KernelTimes kernels = new KernelTimes();
        if (wanted.contains("kernel")) {
            kernels = new KernelRuns(forks).run();
            KernelReport kernelReport = new KernelReport(kernels);
            report.add(kernelReport.lines());
            kernelReport.judge(report.bars());
        }
        if (wanted.contains("layer")) {
            Figures layer = new Contest(forks, AttentionLayerBench.class).run(ALL, Sizes.LAYER, Map.of());
            LayerReport layerReport = new LayerReport(layer, kernels);
            report.add(layerReport.lines());
            layerReport.judge(report.bars());
        }
    }

    private void tiers(ChildJvm child, Path directory) throws IOException, InterruptedException {
        for (TierBench.Context context : TierBench.Context.values()) {
            if (wanted.contains(context.key)) {
                for (WeightType weights : List.of(WeightType.F32, WeightType.Q4)) {
                    TierReport tierReport = new TierReport(context, weights,
                            new TierBench(child, context).run(weights));
                    report.add(tierReport.lines());
                    tierReport.judge(report.bars());
                }
            }
        }
        if (wanted.contains("timeline")) {
            report.add(new Timeline(child).run(directory));
        }
    }

    private void clients(String agent, Path directory) throws IOException, InterruptedException {
        if (wanted.contains("clients")) {
            Path trained = Path.of("..", "examples", "models", "memo");
            clients("the trained model", new ClientBench(directory.resolve("clients"), agent, trained,
                    Sizes.QUICK ? 1 : 3)
                    .run(ClientBench.CLIENTS), directory.resolve("clients-trained.png"));
            Path large = TalkingModel.write(Path.of("target", "bench", "models"),
                    Sizes.QUICK ? BenchModels.small(8192) : BenchModels.llama1b(4, 8192, 8192), trained);
            clients("4 layers of Llama-3.2-1B, random weights",
                    new ClientBench(directory.resolve("clients"), agent, large, 1)
                            .run(List.of(Client.CHAT, Client.STREAMING)),
                    directory.resolve("clients-1b.png"));
        }
    }

    private void clients(String model, Map<Client, ClientBench.Outcome> outcomes, Path chart) throws IOException {
        ClientReport clientReport = new ClientReport(model, outcomes);
        report.add(clientReport.lines());
        clientReport.judge(report.bars());
        clientReport.draw(chart);
    }

    private void models() throws RunnerException, IOException {
        if (wanted.contains("model")) {
            for (WeightType weights : List.of(WeightType.F32, WeightType.Q4)) {
                Figures model = new Contest(forks, ModelBench.class).run(WITHOUT_SPARSE_10, Sizes.MODEL,
                        Map.of("weights", weights.name()));
                ModelReport modelReport = new ModelReport(weights, model);
                report.add(modelReport.lines());
                modelReport.judge(report.bars());
            }
        }
        if (wanted.contains("decode")) {
            Figures decode = new Contest(forks, DecodeBench.class).run(ALL, Sizes.DECODE, Map.of());
            report.add(SmallModelReport.decode(decode, report.bars()));
        }
        if (wanted.contains("prefill")) {
            Figures prefill = new Contest(forks, PrefillBench.class).run(WITHOUT_SPARSE_10, Sizes.PREFILL, Map.of());
            report.add(SmallModelReport.prefill(prefill, report.bars()));
        }
    }
}
