package io.alisa.doctor;

import io.alisa.tier.Machine;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The doctor from outside: its lines and its exit code. */
class DoctorTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(Properties properties, String... words) {
        return Main.run(List.of(words), Configuration.of(properties, Map.of()),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void aHealthyMachineIsALineForEachThing() {
        assertThat(run(new Properties())).isZero();
        assertThat(lines()).allMatch(line -> line.matches("(OK|WARN) +\\S.*"))
                .noneMatch(line -> line.contains("FAIL"));
        for (String subject : List.of("plugin", "java", "application's JVM flags", "host", "Vector API",
                "memory",
                "slow tier", "CUDA")) {
            assertThat(lines()).as(subject)
                    .filteredOn(line -> line.matches("(OK  |WARN) " + subject + " .*")).hasSize(1);
        }
        for (Setting setting : Setting.values()) {
            assertThat(lines()).as(setting.key())
                    .filteredOn(line -> line.startsWith("OK   " + setting.key() + " "))
                    .singleElement().asString().contains("(default)", setting.meaning());
        }
        assertThat(err.size()).isZero();
    }

    @Test
    void onlyWhatIsWrongHasARemedy() {
        run(new Properties());
        assertThat(lines()).allMatch(line -> line.startsWith("OK") != line.contains(" -> "));
    }

    @Test
    void aMistakeInTheConfigurationWarns() {
        Properties properties = new Properties();
        properties.setProperty("alisa.sparse.caching-ratio", "20%");
        assertThat(run(properties)).isZero();
        assertThat(lines()).anyMatch(
                line -> line.startsWith("WARN configuration")
                        && line.contains("alisa.sparse.caching-ratio='20%'"));
    }

    /** The other commands have no report that would say it. */
    @Test
    void aMistakeInTheConfigurationIsSaidByEveryCommand() {
        Properties properties = new Properties();
        properties.setProperty("alisa.memory.fast", "lots");
        for (String words : List.of("plan", "profile x")) {
            err.reset();
            run(properties, words.split(" "));
            assertThat(err.toString(StandardCharsets.UTF_8)).as(words)
                    .startsWith("warning: alisa.memory.fast='lots' (system property) is not ");
        }
        err.reset();
        run(properties);
        assertThat(err.size()).as("the doctor's report says it").isZero();
    }

    @Test
    void somethingThatCannotWorkIsExitCodeOne() {
        Properties properties = new Properties();
        properties.setProperty("alisa.memory.fast", "8000t");
        assertThat(run(properties)).isEqualTo(1);
        assertThat(lines()).anyMatch(line -> line.startsWith("FAIL memory"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "help", "plan --help", "profile -h"})
    void whoAsksForTheUsageIsGivenIt(String words) {
        Properties properties = new Properties();
        properties.setProperty("alisa.memory.fast", "lots");
        assertThat(run(properties, words.split(" "))).isZero();
        assertThat(lines()).first().asString().startsWith("usage: java -jar alisa-plugin.jar");
        assertThat(err.size()).isZero();
    }

    @Test
    void theUsageJoinsPathsAsThisSystemDoes() {
        run(new Properties(), "--help");
        assertThat(lines()).first().asString().contains("--host PATH[" + File.pathSeparator + "PATH]...");
    }

    @Test
    void theVersionIsALine() {
        assertThat(run(new Properties(), "--version")).isZero();
        assertThat(lines()).singleElement().asString().startsWith("alisa-plugin ");
        assertThat(err.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"profile x", "plan", "--help me", "-v", "--host", "--host x y", "x.jar"})
    void otherWordsAreAnsweredByTheUsage(String words) {
        assertThat(run(new Properties(), words.split(" "))).as(Arrays.toString(words.split(" ")))
                .isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("usage: java -jar alisa-plugin.jar");
        assertThat(out.size()).isZero();
    }
}
