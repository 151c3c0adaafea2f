package io.alisa.examples;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.prompt.PromptSupport;

/** A conversation by Jlama's own API: each line of the input is a question. Argument: a model directory. */
public final class PlainJlama {
    private PlainJlama() {
    }

    public static void main(String[] arguments) {
        if (arguments.length != 1 || !new File(arguments[0], "config.json").isFile()) {
            System.err.println("Usage: PlainJlama MODEL, an existing directory with config.json, tokenizer.json and"
                    + " *.safetensors; given: " + List.of(arguments));
            System.exit(2);
        }
        int exit = 1;
        try {
            exit = talk(new File(arguments[0]));
        } catch (RuntimeException | Error e) {
            System.err.println("No answer: " + rootCause(e));
        }
        System.exit(exit); // the host's worker threads would keep the process for a minute
    }

    /** The host wraps what is wrong, a missing module for instance, into exceptions that do not say it. */
    private static Throwable rootCause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static int talk(File directory) {
        AbstractModel model = ModelSupport.loadModel(directory, DType.F32, DType.I8);
        PromptSupport template = model.promptSupport().orElse(null);
        if (template == null) {
            System.err
                    .println("The model in " + directory + " has no chat template: take one that was trained to chat");
            return 2;
        }
        List<String> said = new ArrayList<>(); // question, answer, question, answer, ...
        for (String question = IO.readln(); question != null; question = IO.readln()) {
            if (question.isBlank()) {
                continue;
            }
            said.add(question);
            PromptSupport.Builder prompt = template.builder();
            for (int i = 0; i < said.size(); i++) {
                prompt = i % 2 == 0 ? prompt.addUserMessage(said.get(i)) : prompt.addAssistantMessage(said.get(i));
            }
            // The whole conversation each time, under a new id: what is known of it is not computed again.
            said.add(model.generate(UUID.randomUUID(), prompt.build(), 0f, model.getConfig().contextLength,
                    (piece, millis) -> IO.print(piece)).responseText);
            IO.println();
        }
        return 0;
    }
}
