package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Trace;
import io.alisa.compat.scenario.Types;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes to a helper JVM and what comes back. */
class ScenarioTest {
    @TempDir
    private Path directory;

    @Test
    void aScenarioSurvivesItsFile() throws IOException {
        Scenario scenario = Scenario.of("a, b", Kind.REWIND, directory, Types.Q4_I8, 7, 8).text("söme <text>")
                .sessions(3, 2).layerShards(2).headShards(4).reference(directory.resolve("r"))
                .settings(Map.of("alisa.sparse", "true")).settings(Map.of("a.b", "1"));
        Path file = directory.resolve("x.scenario");
        scenario.write(file);
        assertThat(Scenario.read(file)).isEqualTo(scenario);
    }

    @Test
    void aRecordingSurvivesItsFile() throws IOException {
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.TEXT, "söme text");
        Trace trace = new Trace().add(3, new float[]{1, Float.NaN}).add(4, new float[]{-0f, 2});
        Path file = directory.resolve("x.recording");
        new Recording(List.of(trace), facts).write(file);
        Recording read = Recording.read(file);
        assertThat(read.facts()).isEqualTo(facts);
        assertThat(read.traces()).hasSize(1);
        assertThat(read.traces().get(0).tokens()).containsExactly(3, 4);
        assertThat(read.traces().get(0).logits(0)).isEqualTo(new float[]{1, Float.NaN});
    }
}
