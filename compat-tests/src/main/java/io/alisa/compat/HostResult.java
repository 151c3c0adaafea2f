package io.alisa.compat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Recording;

/**
 * What a helper JVM left behind.
 *
 * @param files  the recordings, by scenario
 * @param output everything it printed
 */
public record HostResult(Map<String, Path> files, String output) {

    public Path file(String scenario) {
        return Optional.ofNullable(files.get(scenario)).orElseThrow();
    }

    /** The recording of a scenario that must have worked. */
    public Recording recording(String scenario) throws IOException {
        Recording recording = recordingOrFailure(scenario);
        if (recording.facts().containsKey(Fact.FAILURE)) {
            throw new HostProcessException(scenario + ": " + recording.fact(Fact.FAILURE) + "\n" + output);
        }
        return recording;
    }

    public Recording recordingOrFailure(String scenario) throws IOException {
        return Recording.read(file(scenario));
    }
}
