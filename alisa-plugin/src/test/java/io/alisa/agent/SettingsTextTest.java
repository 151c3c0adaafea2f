package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

import io.alisa.Alisa;
import io.alisa.ChildJvm;
import io.alisa.config.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said where nothing is served, each time in a JVM of its own: the agent is loaded for good. */
class SettingsTextTest {
    @TempDir
    Path directory = Path.of("");

    /** A process in which the agent is loaded, where it is told so, and asked for an explanation. */
    static final class Asking {
        private Asking() {
        }

        public static void main(String[] arguments) {
            if (arguments.length > 0) {
                AlisaAgent.premain(null, (Instrumentation) Proxy.newProxyInstance(
                        Asking.class.getClassLoader(), new Class<?>[]{Instrumentation.class},
                        (proxy, method,
                                values) -> method.getName().equals("getAllLoadedClasses") ? new Class<?>[0] : null));
            }
            IO.print(Alisa.explain());
        }
    }

    private static String withAgent(String... options) throws IOException, InterruptedException {
        return ChildJvm.with(options).run(Asking.class, "agent");
    }

    @Test
    void whereThereIsNoAgentItSaysHowToLoadIt() throws IOException, InterruptedException {
        assertThat(ChildJvm.with("-Dalisa.enabled=false").run(Asking.class))
                .contains("ALISA is not loaded: start the JVM with -javaagent:alisa-plugin.jar")
                .doesNotContain("switched off", "settings:");
    }

    @Test
    void whereItIsSwitchedOffItSaysByWhat() throws IOException, InterruptedException {
        assertThat(withAgent("-Dalisa.enabled=off"))
                .contains("ALISA is switched off: alisa.enabled=false (system property); set it to true, or remove it,"
                        + " and start the JVM again")
                .doesNotContain("-javaagent", "settings:");
    }

    @Test
    void whereTheSwitchIsNotUnderstoodItSaysSo() throws IOException, InterruptedException {
        assertThat(withAgent("-Dalisa.enabled=disabled"))
                .contains(
                        "ALISA is switched off: alisa.enabled='disabled' (system property) is not true or false: using"
                                + " false; set it to true, or remove it, and start the JVM again");
    }

    @Test
    void whereItIsLoadedItSaysWhereSettingsCameFrom() throws IOException, InterruptedException {
        assertThat(withAgent()).contains("serves no host yet: nothing of Jlama has run", "settings: the defaults");
        Path file = Files.writeString(directory.resolve("settings"), "alisa.memory.fast=512m\nalisa.fast=1g\n");
        assertThat(withAgent("-Dalisa.config-file=" + file, "-Dalisa.sparse=on"))
                .contains("settings: alisa.config-file=" + file
                        + " (system property), alisa.sparse=true (system property),"
                        + " alisa.memory.fast=512m (file " + file + ")")
                .contains("warning: 'alisa.fast' is not a setting");
    }

    @Test
    void whatMakesNoSenseIsAWarning() {
        Properties system = new Properties();
        system.setProperty("alisa.enabled", "true");
        system.setProperty("alisa.sparse", "maybe");
        Map<String, String> environment = Map.of("ALISA_KV_TYPE", "int8");
        assertThat(SettingsText.of(Configuration.of(system, environment)).lines()).containsExactly(
                "settings: alisa.kv.type=int8 (environment ALISA_KV_TYPE)",
                "warning: alisa.sparse='maybe' (system property) is not true or false: using false");
    }
}
