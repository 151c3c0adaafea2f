package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

/** What happens before {@code main} where the plugin is switched off. */
class AlisaAgentTest {
    private final List<String> calls = new ArrayList<>();
    private final Instrumentation instrumentation = (Instrumentation) Proxy.newProxyInstance(
            AlisaAgentTest.class.getClassLoader(), new Class<?>[]{Instrumentation.class},
            (proxy, method, arguments) -> {
                calls.add(method.getName());
                return null;
            });

    /** What it says on the error stream with {@code alisa.enabled} set so. */
    private String saidWith(String enabled) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setProperty("alisa.enabled", enabled);
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            AlisaAgent.premain(null, instrumentation);
        } finally {
            System.setErr(before);
            System.clearProperty("alisa.enabled");
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void offInAnySpellingIsOffWithoutAWord() {
        for (String off : List.of("false", "FALSE", "Off", "no", "0")) {
            assertThat(saidWith(off)).as(off).isEmpty();
        }
        assertThat(calls).isEmpty();
    }

    @Test
    void whatIsNotUnderstoodIsOffAndSaid() {
        assertThat(saidWith("disabled").lines()).containsExactly(
                "[alisa] the host runs untouched: alisa.enabled='disabled' (system property) is not true or false: using"
                        + " false; set it to true, or remove it");
        assertThat(calls).isEmpty();
    }
}
