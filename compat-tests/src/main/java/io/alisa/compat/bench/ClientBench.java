package io.alisa.compat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.alisa.compat.ClientProcess;
import io.alisa.compat.ClientProcess.Answer;
import io.alisa.compat.ClientProcess.Client;
import io.alisa.compat.HostProcessException;
import io.alisa.compat.TemporaryDirectory;

/**
 * How long real clients wait for the first token of each turn, with the plugin and without. Each client of each round runs in
 * a process of its own; with and without take turns.
 */
final class ClientBench {
    static final List<Client> CLIENTS = List.of(Client.PLAIN, Client.CHAT, Client.STREAMING, Client.SPRING_STREAMING);
    private static final List<String> MESSAGES = LongConversation.warmedUp();

    private final ClientProcess processes;
    private final int rounds;

    /**
     * What was measured of one client.
     *
     * @param host        median milliseconds to the first token by turn, without the plugin
     * @param plugin      the same with it
     * @param hostSame    whether all answers were those of the host under new session ids, without the plugin
     * @param pluginSame  the same with it
     * @param tokens      tokens in the plugin's session after the last turn
     */
    record Outcome(List<Double> host, List<Double> plugin, boolean hostSame, boolean pluginSame, long tokens) {
        double ratio(int turn) {
            return host.get(turn - 1) / plugin.get(turn - 1);
        }
    }

    /** @param directory for links to the model and for what processes print; emptied */
    ClientBench(Path directory, String agent, Path model, int rounds) throws IOException {
        this.processes = new ClientProcess(fresh(directory), Path.of(agent)).model(model).flag("-Xmx4g");
        this.rounds = rounds;
    }

    /** @param clients {@link Client#PLAIN} or {@link Client#CHAT} among them, whose answers without the plugin are right */
    Map<Client, Outcome> run(List<Client> clients) throws IOException, InterruptedException {
        Map<Client, List<List<Answer>>> host = new EnumMap<>(Client.class);
        Map<Client, List<List<Answer>>> plugin = new EnumMap<>(Client.class);
        for (int round = 1; round <= rounds; round++) {
            for (Client client : clients) {
                System.out.println("== clients: round " + round + " of " + rounds + ", " + client);
                host.computeIfAbsent(client, c -> new ArrayList<>()).add(answers(client, false));
                plugin.computeIfAbsent(client, c -> new ArrayList<>()).add(answers(client, true));
            }
        }
        // Each turn under a new session id.
        Client reliable = clients.contains(Client.PLAIN) ? Client.PLAIN : Client.CHAT;
        List<String> reference = texts(Objects.requireNonNull(host.get(reliable)).getFirst());
        if (reference.isEmpty()) {
            throw new IOException(reliable + " failed without the plugin: there is nothing to compare answers with");
        }
        Map<Client, Outcome> outcomes = new EnumMap<>(Client.class);
        for (Client client : clients) {
            List<List<Answer>> without = host.get(client);
            List<List<Answer>> with = plugin.get(client);
            outcomes.put(client, new Outcome(medians(without), medians(with), allSay(reference, without),
                    allSay(reference, with),
                    with.getFirst().isEmpty() ? 0 : with.getFirst().getLast().sessionTokens()));
        }
        return outcomes;
    }

    /** The answers of the second conversation; the first warmed up. None where the client failed. */
    private List<Answer> answers(Client client, boolean plugin) throws IOException, InterruptedException {
        ClientProcess.Result result;
        try {
            result = processes.run(client, plugin, MESSAGES);
        } catch (HostProcessException e) {
            System.out.println("== clients: " + client + " failed: " + e.getMessage());
            return List.of();
        }
        if (result.plugin() != plugin) {
            throw new IOException("The plugin is " + (plugin ? "not " : "") + "active:\n" + result.output());
        }
        return result.answers().subList(LongConversation.TURNS, 2 * LongConversation.TURNS);
    }

    private static List<String> texts(List<Answer> answers) {
        return answers.stream().map(Answer::text).toList();
    }

    private static boolean allSay(List<String> reference, List<List<Answer>> rounds) {
        return rounds.stream().allMatch(answers -> texts(answers).equals(reference));
    }

    private static List<Double> medians(List<List<Answer>> rounds) {
        List<List<Answer>> whole = rounds.stream().filter(answers -> !answers.isEmpty()).toList();
        List<Double> medians = new ArrayList<>();
        for (int turn = 0; turn < LongConversation.TURNS; turn++) {
            int at = turn;
            medians.add(whole.isEmpty()
                    ? Double.NaN
                    : whole.stream().map(answers -> answers.get(at).firstTokenMillis()).sorted().toList()
                            .get(whole.size() / 2));
        }
        return medians;
    }

    private static Path fresh(Path directory) throws IOException {
        if (Files.exists(directory)) {
            TemporaryDirectory.delete(directory);
        }
        return Files.createDirectories(directory);
    }
}
