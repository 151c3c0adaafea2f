package io.alisa.compat.scenario;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.functions.Generator.Response;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import io.alisa.compat.TemporaryDirectory;

/**
 * As many conversations as the scenario has sessions, by as many threads, some of which begin alike: the whole history is
 * sent in each turn, mostly under a new id, and now and then it was edited. With the plugin a session is saved and restored
 * now and then: what was restored waits for a user who never comes.
 */
final class ManyConversationsRun {
    private static final int TURNS = 3;
    private static final String[] WORDS = "where is my gate code it was one two three and then another".split(" ");

    private final Scenario scenario;
    private final AbstractModel model;

    ManyConversationsRun(Scenario scenario, AbstractModel model) {
        this.scenario = scenario;
        this.model = model;
    }

    Recording run() throws InterruptedException, ExecutionException {
        List<Future<String>> talks = new ArrayList<>();
        StringBuilder texts = new StringBuilder();
        try (ExecutorService threads = Executors.newFixedThreadPool(scenario.threads())) {
            for (int i = 0; i < scenario.sessions(); i++) {
                long seed = i;
                talks.add(threads.submit(() -> talk(seed)));
            }
            for (Future<String> talk : talks) {
                texts.append(talk.get()).append('\n');
            }
        }
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.TEXT, texts.toString());
        facts.put(Fact.PLUGIN_REUSED, PluginProbe.last("reusedTokens"));
        facts.put(Fact.PLUGIN_SESSIONS_LEFT, Integer.toString(PluginProbe.openSessions().size()));
        return new Recording(List.of(), facts);
    }

    private String talk(long seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder said = new StringBuilder();
        String history = words(new Random(random.nextInt(4)), 60);
        for (int turn = 0; turn < TURNS; turn++) {
            history += " " + words(random, 5 + random.nextInt(20));
            int tokens = model.encodePrompt(PromptContext.of(history)).length;
            UUID session = UUID.randomUUID();
            Response response = model.generate(session, PromptContext.of(history), 0f,
                    tokens + scenario.decode(), (piece, ms) -> {
                    });
            said.append(response.responseTextWithSpecialTokens).append('|');
            history += response.responseText;
            if (random.nextInt(3) == 0 && PluginProbe.active()) {
                saveAndRestore(session);
            }
            if (random.nextInt(4) == 0) {
                history = history.substring(random.nextInt(history.length() / 2), history.length());
            }
        }
        return said.toString();
    }

    private void saveAndRestore(UUID session) throws IOException {
        try (TemporaryDirectory directory = TemporaryDirectory.make()) {
            Path file = directory.path().resolve("session.safetensors");
            PluginProbe.save(session, file);
            PluginProbe.restore(model, file);
        }
    }

    private static String words(Random random, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
        }
        return text.toString();
    }
}
