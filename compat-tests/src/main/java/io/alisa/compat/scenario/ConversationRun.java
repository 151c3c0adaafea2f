package io.alisa.compat.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.functions.Generator.Response;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;

/**
 * A conversation of several turns: the scenario's text, cut at {@value #TURN}. Each reply may take {@code decode} tokens.
 */
final class ConversationRun {
    /** Stands between what is said in one turn and in the next. */
    static final String TURN = "||";
    private static final int COLLECTIONS = 3;

    private final Scenario scenario;
    private final AbstractModel model;
    /** Its own in each scenario. */
    private final UUID session;
    private final List<String> replies = new ArrayList<>();
    private final List<Integer> lengths = new ArrayList<>();
    private int systemTokens;
    /** When it was saved. */
    private String deleted = "0";
    private final Set<String> ids = new LinkedHashSet<>();

    ConversationRun(Scenario scenario, AbstractModel model) {
        this.scenario = scenario;
        this.model = model;
        this.session = UUID.nameUUIDFromBytes(scenario.name().getBytes(UTF_8));
    }

    Recording run() throws IOException {
        String[] turns = scenario.text().split("\\|\\|", -1);
        switch (scenario.kind()) {
            case CONVERSATION -> goOn(session, 0, turns);
            case SAVE -> {
                int context = goOn(session, 0, turns);
                deleted = PluginProbe.last("deletedTokens");
                PluginProbe.save(session, file());
                Files.writeString(lengthFile(), Integer.toString(context));
            }
            case RESTORE -> goOn(restored(), Integer.parseInt(Files.readString(lengthFile())), turns);
            case PINNED -> {
                int context = goOn(session, 0, turns[0]);
                if (!PluginProbe.pin(session, 0, context)) {
                    throw new IllegalStateException("Nothing was pinned");
                }
                goOn(session, context, Arrays.copyOfRange(turns, 1, turns.length));
            }
            case WHOLE_PROMPTS -> wholePrompts(turns);
            case HISTORY -> history(turns);
            case SYSTEM_MESSAGE -> systemMessage(turns[0], turns[1]);
            case SYSTEM_MESSAGES -> systemMessages(turns);
            default -> throw new IllegalArgumentException("No conversation: " + scenario.kind());
        }
        Map<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.TEXT, replies.toString());
        facts.put(Fact.GENERATED_TOKENS, lengths.toString());
        facts.put(Fact.PLUGIN_SESSIONS, PluginProbe.lastSession().toString());
        facts.put(Fact.PLUGIN_MODE, PluginProbe.lastMode());
        facts.put(Fact.PLUGIN_PINNED, PluginProbe.last("pinnedTokens"));
        facts.put(Fact.PROMPT_TOKENS, Integer.toString(systemTokens));
        facts.put(Fact.PLUGIN_DELETED, deleted);
        facts.put(Fact.PLUGIN_RECOMPUTED, PluginProbe.last("recomputedTokens"));
        facts.put(Fact.PLUGIN_IDS, Integer.toString(ids.size()));
        facts.put(Fact.PLUGIN_REUSED, PluginProbe.last("reusedTokens"));
        facts.put(Fact.PLUGIN_SESSIONS_LEFT, Integer.toString(PluginProbe.openSessions().size()));
        return new Recording(List.of(), facts);
    }

    private Path file() {
        return Path.of(System.getProperty("compat.saves"), scenario.name() + ".safetensors");
    }

    /** Whatever nobody holds is collected before its user comes: servers restore when they start. */
    private UUID restored() throws IOException {
        UUID id = PluginProbe.restore(model, file());
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return id;
    }

    private Path lengthFile() {
        return Path.of(file() + ".length");
    }

    /** {@code generate} again and again with one session id. Returns the tokens in the context in the end. */
    private int goOn(UUID id, int begin, String... turns) {
        int context = begin;
        for (String turn : turns) {
            int said = model.encodePrompt(PromptContext.of(turn)).length;
            Response response = model.generate(id, PromptContext.of(turn), 0f, limit(context, said),
                    (piece, ms) -> {
                    });
            add(response.responseTextWithSpecialTokens, response.generatedTokens);
            context += said + response.generatedTokens + pending(context);
        }
        return context;
    }

    /** The token a reply ended with is fed with what is said next: in the place of the mark, where there is one. */
    private int pending(int context) {
        return context == 0 || marks() ? 0 : 1;
    }

    private boolean marks() {
        int[] ids = model.encodePrompt(PromptContext.of("a"));
        return ids.length > 0 && ids[0] == model.getConfig().bosToken;
    }

    /** The host counts a reply's limit from the beginning of the context. */
    private int limit(int context, int said) {
        return context + said + pending(context) + scenario.decode();
    }

    /** The same, every turn one prefill of all that was said so far, in a buffer of its own. */
    private void wholePrompts(String... turns) {
        int[] all = {};
        for (String turn : turns) {
            int[] ids = model.encodePrompt(PromptContext.of(turn));
            if (all.length > 0 && marks()) {
                ids = Arrays.copyOfRange(ids, 1, ids.length);
            }
            all = join(all, ids);
            all = join(all, reply(all));
        }
    }

    /** Greedy, as {@code generate} does it. Returns the ids, with the stop token. */
    private int[] reply(int... prompt) {
        int[] reply = new int[scenario.decode() + 1];
        int count = 0;
        int fed = 0;
        StringBuilder text = new StringBuilder();
        float[] logits = new float[model.getConfig().vocabularySize];
        try (KvBuffer buffer = new KvBufferCache(model).getEphemeralKvBuffer()) {
            AbstractTensor<?, ?> output = model.batchForward(prompt, 0, buffer);
            while (true) {
                int next = HostModels.sample(model, output, logits);
                output.close();
                reply[count++] = next;
                // The host looks for a stop token only from the second on.
                if (count > 1 && model.getConfig().eosTokens.contains(next)) {
                    break;
                }
                text.append(model.getTokenizer().decode(next));
                if (fed == scenario.decode()) {
                    break;
                }
                output = model.forward(next, prompt.length + fed, buffer, Optional.empty());
                fed++;
            }
        }
        add(text.toString(), fed);
        return Arrays.copyOf(reply, count);
    }

    /** Clients that send the whole history as text, with a new session id each time. */
    private void history(String... turns) {
        StringBuilder all = new StringBuilder();
        for (String turn : turns) {
            all.append(turn);
            int said = model.encodePrompt(PromptContext.of(all.toString())).length;
            Response response = model.generate(UUID.randomUUID(), PromptContext.of(all.toString()), 0f,
                    said + scenario.decode(), (piece, ms) -> {
                    });
            add(response.responseTextWithSpecialTokens, response.generatedTokens);
            all.append(response.responseText);
        }
    }

    /** The system message is in the prompt's text, and nothing says where. */
    private void systemMessage(String system, String user) {
        PromptContext prompt = model.promptSupport().orElseThrow().builder().addSystemMessage(system)
                .addUserMessage(user).build();
        systemTokens = model.getTokenizer().encode(system).length;
        int said = model.encodePrompt(prompt).length;
        Response response = model.generate(UUID.randomUUID(), prompt, 0f, said + scenario.decode(), (piece, ms) -> {
        });
        add(response.responseTextWithSpecialTokens, response.generatedTokens);
    }

    private void systemMessages(String... questions) throws IOException {
        List<Callable<Response>> calls = new ArrayList<>();
        for (String question : questions) {
            UUID id = scenario.threads() == 1 ? UUID.randomUUID() : session;
            PromptContext prompt = model.promptSupport().orElseThrow().builder()
                    .addSystemMessage("You are asked: " + question).addUserMessage(question).build();
            int said = model.encodePrompt(prompt).length;
            calls.add(() -> model.generate(id, prompt, 0f, said + scenario.decode(), (piece, ms) -> {
            }));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(scenario.threads())) {
            for (Future<Response> call : threads.invokeAll(calls)) {
                add(call.get().responseTextWithSpecialTokens, call.get().generatedTokens);
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException(e);
        }
    }

    private void add(String reply, int generated) {
        ids.add(PluginProbe.last("id"));
        replies.add(reply);
        lengths.add(generated);
    }

    private static int[] join(int[] first, int... second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
