package io.alisa.chat;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.tokenizer.TokenizerModel;

/** A model in memory with everything a conversation needs to know about it. */
public final class LoadedModel implements AutoCloseable {
    private final Path directory;
    private final AbstractModel model;
    private final int contextLimit;
    private final TextEncoder encoder;
    private final PromptFormat format;
    private final Set<Integer> ends;

    LoadedModel(Path directory, AbstractModel model) {
        this(directory, model, contextLimit(model.getConfig()), format(model));
    }

    LoadedModel(Path directory, AbstractModel model, int contextLimit, PromptFormat format) {
        this.directory = directory;
        this.model = model;
        this.contextLimit = contextLimit;
        this.encoder = new TextEncoder(model);
        this.format = format;
        this.ends = ends(model.getTokenizer().getModel());
    }

    AbstractModel model() {
        return model;
    }

    Path directory() {
        return directory;
    }

    TextEncoder encoder() {
        return encoder;
    }

    PromptFormat format() {
        return format;
    }

    public int contextLimit() {
        return contextLimit;
    }

    /** Whether this token ends a reply. */
    boolean isEnd(int id) {
        return ends.contains(id);
    }

    /** The model in a few words. */
    public String describe() {
        Config config = model.getConfig();
        return directory.getFileName() + " (" + model.getModelType().name().toLowerCase(Locale.ROOT)
                + ", " + config.numberOfLayers + " layers, " + config.embeddingLength + " wide)";
    }

    private static PromptFormat format(AbstractModel model) {
        String source = model.getTokenizer().getModel().promptTemplates()
                .map(t -> t.getOrDefault("default", ""))
                .orElse("");
        Optional<ChatTemplate> template = ChatTemplate.of(model.promptSupport(), source);
        return template.isPresent() ? template.get() : new PlainText();
    }

    private Set<Integer> ends(TokenizerModel vocabulary) {
        Set<Integer> ids = new HashSet<>(model.getConfig().eosTokens);
        String tag = format.replyEnd();
        if (!tag.isEmpty()) {
            int first = encoder.encode(tag).toArray()[0];
            if (vocabulary.addedTokens().containsValue((long) first)) {
                ids.add(first);
            }
        }
        return Set.copyOf(ids);
    }

    /**
     * The host turns head h as position p + 2h, so its table of rotations ends a little before the context does.
     */
    private static int contextLimit(Config config) {
        return config.ropeFreqs.isPresent()
                ? config.contextLength - 2 * (config.numberOfKeyValueHeads - 1)
                : config.contextLength;
    }

    @Override
    public void close() {
        model.close();
    }
}
