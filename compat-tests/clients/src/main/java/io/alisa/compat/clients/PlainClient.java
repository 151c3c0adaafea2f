package io.alisa.compat.clients;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import com.github.tjake.jlama.safetensors.prompt.PromptSupport;

/** Jlama's own API: the whole conversation in every call, as the host needs it, under a session id of its own. */
final class PlainClient implements Client {
    private final AbstractModel model;
    private final boolean remembers;
    private final List<String> said = new ArrayList<>();

    PlainClient(File directory, File pages) {
        this(directory, pages, true);
    }

    private PlainClient(File directory, File pages, boolean remembers) {
        this.remembers = remembers;
        model = ModelSupport.loadModel(directory, pages, DType.F32, DType.I8, Optional.empty(), Optional.empty());
    }

    /** One whose every question is the first one of another conversation. */
    static PlainClient forgetful(File directory, File pages) {
        return new PlainClient(directory, pages, false);
    }

    @Override
    public Answer ask(String question) {
        if (!remembers) {
            said.clear();
        }
        said.add(question);
        PromptContext prompt = prompt(model.promptSupport().orElseThrow().builder());
        FirstToken first = new FirstToken();
        String text = model.generate(UUID.randomUUID(), prompt, 0f, model.getConfig().contextLength,
                (piece, millis) -> first.came()).responseText;
        said.add(text);
        return new Answer(text, first.nanos());
    }

    private PromptContext prompt(PromptSupport.Builder builder) {
        for (int i = 0; i < said.size(); i++) {
            if (i % 2 == 0) {
                builder.addUserMessage(said.get(i));
            } else {
                builder.addAssistantMessage(said.get(i));
            }
        }
        return builder.addGenerationPrompt(true).build();
    }
}
