package io.alisa.doctor;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

import io.alisa.config.Configuration;
import io.alisa.tier.Machine;

/** The doctor's entry: {@code java -jar alisa-plugin.jar}. */
public final class Main {
    private static final int WRONG_USE = 2;

    private Main() {
    }

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), Configuration.ofProcess(), System.out, System.err));
    }

    /** Checks everything and prints it; returns the exit code. */
    static int run(List<String> words, Configuration configuration, PrintStream out, PrintStream err) {
        Arguments arguments;
        try {
            arguments = Arguments.parse(words);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            err.println(Arguments.USAGE);
            return WRONG_USE;
        }
        Report report = new Report(examine(arguments, configuration));
        report.print(out);
        return report.exitCode();
    }

    private static List<Check> examine(Arguments arguments, Configuration configuration) {
        List<Check> checks = new ArrayList<>();
        checks.addAll(RuntimeChecks.ofProcess());
        checks.addAll(ConfigurationChecks.of(configuration));
        checks.add(HostChecks.of(arguments.host()));
        checks.add(VectorChecks.ofProcess());
        checks.addAll(MemoryChecks.of(configuration, Machine.ofProcess()));
        checks.addAll(DeviceChecks.ofProcess(configuration));
        return checks;
    }
}
