package io.alisa.compat.simulate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import io.alisa.compat.quality.ReportFiles;

/**
 * Simulates all setups and writes the report: arguments are the directory for it, the one where it is published, and
 * whether it is.
 */
public final class SimulateMain {
    private SimulateMain() {
    }

    public static void main(String[] arguments) throws IOException {
        Path directory = ReportFiles.emptied(Path.of(arguments[0]));
        Results results = Results.simulate();
        List<String> charts = Charts.draw(results, directory);
        ReportFiles.write(directory, Report.of(results, charts));
        if (arguments.length > 2 && Boolean.parseBoolean(arguments[2])) {
            ReportFiles.publish(directory, charts, Path.of(arguments[1]));
        }
    }
}
