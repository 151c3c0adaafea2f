package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The packaged jar's entries, on the Java it is made for and on an older one: Maven's own, where that is older. */
class EntriesIT {
    private static final Path THIS_JAVA = Path.of(System.getProperty("java.home"));
    private static final Path MAVENS_JAVA = Path.of(System.getProperty("compat.maven.java"));

    /** What a process said and how it ended. */
    private record Ended(int exitCode, List<String> lines) {
    }

    @BeforeAll
    static void plugin() {
        assumeTrue(HostProcess.pluginAvailable(), "compat.agent=none: there is no plugin to test");
    }

    private static Ended run(Path java, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(java.resolve("bin").resolve("java").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        HostProcess.withoutFlagsOfOthers(builder);
        Process process = builder.start();
        var _ = process.onExit().orTimeout(5, TimeUnit.MINUTES).exceptionally(late -> process.destroyForcibly());
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said.lines().toList());
    }

    private static int release(Path java) throws IOException, InterruptedException {
        String version = run(java, "-version").lines().getFirst().replaceFirst("^[^\"]*\"(1\\.)?(\\d+).*", "$2");
        return Integer.parseInt(version);
    }

    private static void assumeOlder() throws IOException, InterruptedException {
        assumeTrue(release(MAVENS_JAVA) < 25, "Maven runs on a Java that is not too old: nothing to try here with");
    }

    @Test
    void theJarIsTheDoctor() throws IOException, InterruptedException {
        String jar = HostProcess.pluginJar().toString();
        Ended byManifest = run(THIS_JAVA, "-jar", jar, "--host");
        assertThat(byManifest.lines()).first().isEqualTo("--host needs a class path");
        assertThat(byManifest).isEqualTo(run(THIS_JAVA, "-cp", jar, "io.alisa.doctor.Main", "--host"));
    }

    @Test
    void theDoctorNamesTheWidthOfTheVectorsThoughNoFlagSwitchesThemOn() throws IOException, InterruptedException {
        Ended doctor = run(THIS_JAVA, "-jar", HostProcess.pluginJar().toString());
        assertThat(doctor.lines()).filteredOn(line -> line.contains("Vector API")).singleElement().asString()
                .containsPattern("\\(\\d+ bit\\)");
    }

    @Test
    void argumentsOfTheAgentAreNotReadAndThatIsSaid() throws IOException, InterruptedException {
        String agent = "-javaagent:" + HostProcess.pluginJar();
        Ended application = run(THIS_JAVA, agent + "=alisa.sparse=true", "-version");
        assertThat(application.exitCode()).isZero();
        assertThat(application.lines()).filteredOn(line -> line.startsWith("[alisa]")).singleElement().asString()
                .contains("is not read", "-Dalisa.sparse=true");
        assertThat(run(THIS_JAVA, agent, "-version").lines()).noneMatch(line -> line.startsWith("[alisa]"));
    }

    @Test
    void anOlderJavaIsToldWhatTheDoctorNeeds() throws IOException, InterruptedException {
        assumeOlder();
        Ended doctor = run(MAVENS_JAVA, "-jar", HostProcess.pluginJar().toString());
        assertThat(doctor.lines()).singleElement().asString().startsWith("[alisa] ")
                .contains("needs Java 25 or newer; this is Java " + release(MAVENS_JAVA));
        assertThat(doctor.exitCode()).isEqualTo(1);
    }

    @Test
    void anOlderJavaRunsTheApplicationWithoutTheAgent() throws IOException, InterruptedException {
        assumeOlder();
        Ended application = run(MAVENS_JAVA, "-javaagent:" + HostProcess.pluginJar(), "-version");
        assertThat(application.exitCode()).isZero();
        assertThat(application.lines()).first().asString().startsWith("[alisa] ").contains("needs Java 25");
        assertThat(application.lines().subList(1, application.lines().size()))
                .isEqualTo(run(MAVENS_JAVA, "-version").lines());
    }
}
