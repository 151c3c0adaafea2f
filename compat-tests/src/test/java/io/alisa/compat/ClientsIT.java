package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import io.alisa.compat.ClientProcess.Client;
import io.alisa.compat.ClientProcess.Result;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Conversations of unmodified applications, each in a process of its own: the same answers as without the plugin. */
class ClientsIT {
    private static final List<String> QUESTIONS = List.of("Remember this: The gate code of Alice is 4821.",
            "Remember this: The pet of Bob is a raven.", "What is the gate code of Alice?",
            "Remember this: The lamp is in the cellar.", "What is the pet of Bob?", "Where is the lamp?");

    private static final Map<Client, Result> HOST = new EnumMap<>(Client.class);
    private static final Map<Client, Result> PLUGIN = new EnumMap<>(Client.class);
    private static ClientProcess processes;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(HostProcess.pluginAvailable(),
                "compat.agent=none: the host plays both roles, there is no plugin to test");
        processes = new ClientProcess(Workspace.of(ClientsIT.class).resolve(""), HostProcess.pluginJar())
                .model(Workspace.memo());
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "CHAT", "RETRIEVAL", "SPRING"})
    void saysWhatTheHostSays(Client client) throws IOException, InterruptedException {
        check(plugin(client), host(client));
        assertThat(plugin(client).sessionTokens()).as("each turn's session").isSorted().doesNotHaveDuplicates();
    }

    @Test
    void inQuarkusToo() throws IOException, InterruptedException {
        assumeTrue(Files.exists(Client.QUARKUS.jar()), "Quarkus is not built: that is for -Pquarkus");
        check(plugin(Client.QUARKUS), host(Client.QUARKUS));
    }

    /**
     * langchain4j's streaming model uses one session id for as long as it lives, and sends the whole conversation under it
     * again and again. The host puts each behind what its cache holds from the time before, so that from the second answer
     * on it says something else than it says to the same conversation under a new id. Here it is held to the latter.
     */
    @ParameterizedTest
    @EnumSource(names = {"STREAMING", "SPRING_STREAMING"})
    void streamsWhatTheHostSaysToANewSession(Client client) throws IOException, InterruptedException {
        check(plugin(client), host(Client.CHAT));
        assertThat(plugin(client).sessionTokens()).as("the conversation is in the session once")
                .isEqualTo(plugin(Client.CHAT).sessionTokens());
    }

    /** Two users of one such model who have said nothing before: neither is answered with what the other one told. */
    @Test
    void streamsToEachUserAsTheHostDoesInANewSession() throws IOException, InterruptedException {
        Result plugin = plugin(Client.STREAMING_ALONE);
        assertThat(plugin.texts()).isEqualTo(host(Client.PLAIN_ALONE).texts());
        assertThat(plugin.texts()).doesNotContain("");
        assertThat(plugin.plugin()).as(plugin.output()).isTrue();
    }

    /** Nothing of one text is in the next, though all come under one session id. */
    @Test
    void completesEachTextAsTheHostDoesInANewSession() throws IOException, InterruptedException {
        Result plugin = plugin(Client.TEXT);
        assertThat(plugin.texts()).isEqualTo(host(Client.PLAIN_TEXT).texts());
        assertThat(plugin.texts()).doesNotContain("");
        assertThat(plugin.plugin()).as(plugin.output()).isTrue();
    }

    private static void check(Result plugin, Result host) {
        assertThat(host.plugin()).isFalse();
        assertThat(host.texts()).hasSameSizeAs(QUESTIONS).contains("The pet of Bobb is parrot.");
        assertThat(plugin.texts()).isEqualTo(host.texts());
        assertThat(plugin.plugin()).as(plugin.output()).isTrue();
    }

    private static Result host(Client client) throws IOException, InterruptedException {
        return run(HOST, client, false);
    }

    private static Result plugin(Client client) throws IOException, InterruptedException {
        return run(PLUGIN, client, true);
    }

    private static Result run(Map<Client, Result> known, Client client, boolean plugin)
            throws IOException, InterruptedException {
        Result result = known.get(client);
        if (result == null) {
            result = processes.run(client, plugin, QUESTIONS);
            known.put(client, result);
        }
        return result;
    }
}
