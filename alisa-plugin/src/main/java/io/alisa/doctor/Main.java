package io.alisa.doctor;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

import io.alisa.config.Configuration;
import io.alisa.measure.MachineProfiler;
import io.alisa.schedule.ProfileStore;
import io.alisa.tier.Machine;
import org.jspecify.annotations.Nullable;

/** The doctor's entry: {@code java -jar alisa-plugin.jar}. */
public final class Main {
    private static final String PROFILE = "profile";
    private static final String PLAN = "plan";
    private static final List<String> HELP = List.of("--help", "-h", "help");
    private static final int WRONG_USE = 2;

    private Main() {
    }

    public static void main(String[] arguments) {
        List<String> words = List.of(arguments);
        if (wantsVectors(words) && VectorJvm.isNeeded()) {
            try {
                System.exit(VectorJvm.run(words));
            } catch (IOException e) {
                System.err.println("warning: no second JVM with the Vector API (" + e + "): this one says what it can");
            }
        }
        System.exit(run(words, Configuration.ofProcess(), System.out, System.err));
    }

    /** What looks at the Vector API or measures with it; wrong words are answered at once. */
    private static boolean wantsVectors(List<String> words) {
        String command = words.isEmpty() ? "" : words.getFirst();
        if (command.equals(PROFILE) || command.equals(PLAN)) {
            return words.equals(List.of(PROFILE));
        }
        try {
            Arguments.parse(words);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Does what the words say and prints it; returns the exit code. */
    static int run(List<String> words, Configuration configuration, PrintStream out, PrintStream err) {
        String command = words.isEmpty() ? "" : words.getFirst();
        String asked = asked(words);
        if (asked != null) {
            out.println(asked);
            return 0;
        }
        if (command.equals(PROFILE) || command.equals(PLAN)) { // the doctor has them in its report
            configuration.warnings().forEach(warning -> err.println("warning: " + warning));
        }
        return switch (command) {
            case PROFILE -> profile(words, configuration, out, err);
            case PLAN -> plan(words.subList(1, words.size()), configuration, ProfileStore.ofProcess(), out, err);
            default -> doctor(words, configuration, out, err);
        };
    }

    /** What is said to who only asks how to use this, or which one it is; null where more is wanted. */
    private static @Nullable String asked(List<String> words) {
        if (words.equals(List.of("--version"))) {
            String version = RuntimeChecks.version();
            return "alisa-plugin " + (version == null ? "of unknown version" : version);
        }
        if (words.isEmpty() || words.size() > 2 || !HELP.contains(words.getLast())) {
            return null;
        }
        return switch (words.getFirst()) {
            case PROFILE -> ProfileCommand.USAGE;
            case PLAN -> PlanArguments.USAGE;
            default -> words.size() == 1 ? Arguments.USAGE : null;
        };
    }

    private static int profile(List<String> words, Configuration configuration, PrintStream out, PrintStream err) {
        return words.size() > 1
                ? wrongUse("Unknown argument '" + words.get(1) + "'", ProfileCommand.USAGE, err)
                : ProfileCommand.run(configuration, ProfileStore.ofProcess(), MachineProfiler.Effort.THOROUGH, out,
                        err);
    }

    static int plan(List<String> words, Configuration configuration, ProfileStore store, PrintStream out,
            PrintStream err) {
        PlanArguments arguments;
        try {
            arguments = PlanArguments.parse(words, configuration);
        } catch (IllegalArgumentException e) {
            return wrongUse(e.getMessage(), PlanArguments.USAGE, err);
        }
        try {
            return new PlanCommand(arguments, configuration, store).print(out);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            return 1;
        }
    }

    /** Checks everything. */
    private static int doctor(List<String> words, Configuration configuration, PrintStream out, PrintStream err) {
        Arguments arguments;
        try {
            arguments = Arguments.parse(words);
        } catch (IllegalArgumentException e) {
            return wrongUse(e.getMessage(), Arguments.USAGE, err);
        }
        Report report = new Report(examine(arguments, configuration));
        report.print(out);
        return report.exitCode();
    }

    private static int wrongUse(@Nullable String complaint, String usage, PrintStream err) {
        err.println(complaint);
        err.println(usage);
        return WRONG_USE;
    }

    private static List<Check> examine(Arguments arguments, Configuration configuration) {
        List<Check> checks = new ArrayList<>();
        checks.addAll(RuntimeChecks.ofProcess());
        checks.addAll(ConfigurationChecks.of(configuration));
        checks.add(HostChecks.of(arguments.host()));
        checks.add(VectorChecks.ofProcess(configuration));
        checks.addAll(MemoryChecks.of(configuration, Machine.ofProcess()));
        checks.addAll(DeviceChecks.ofProcess(configuration));
        return checks;
    }
}
