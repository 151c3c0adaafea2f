package io.alisa.chat;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of the chat. */
@Command(name = "chat", mixinStandardHelpOptions = true, version = "alisa-chat 0.1.0", description = "Talk to a language model on Jlama with the ALISA plugin. Type /help once it runs.", sortOptions = false)
final class ChatOptions {
    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(names = "--prompt", paramLabel = "TEXT", description = "answer this one message and exit")
    private @Nullable String prompt;

    @Option(names = "--system", paramLabel = "TEXT", description = "a system message to begin with")
    private @Nullable String system;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "512", description = "longest reply (default: ${DEFAULT-VALUE})")
    private int maxTokens;

    @Option(names = "--temperature", paramLabel = "T", defaultValue = "0", description = "0 takes the likeliest token, more is more varied (default: ${DEFAULT-VALUE})")
    private float temperature;

    @Option(names = "--seed", paramLabel = "N", description = "makes replies with a temperature repeatable")
    private @Nullable Long seed;

    ModelOptions model() {
        return model;
    }

    @Nullable
    String prompt() {
        return prompt;
    }

    @Nullable
    String system() {
        return system;
    }

    Sampling sampling() {
        if (maxTokens < 1) {
            throw new UserError("--max-tokens must be at least 1, not " + maxTokens);
        }
        if (!(temperature >= 0)) {
            throw new UserError("--temperature must be 0 or more, not " + temperature);
        }
        RandomGenerator random = seed == null
                ? new SplittableRandom()
                : new SplittableRandom(seed);
        return new Sampling(temperature, random, maxTokens);
    }
}
