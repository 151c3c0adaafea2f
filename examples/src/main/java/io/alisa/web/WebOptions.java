package io.alisa.web;

import io.alisa.chat.ModelOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of the page. */
@Command(name = "web", mixinStandardHelpOptions = true, version = "alisa-web 0.1.0", description = "A chat page on Jlama with the ALISA plugin.", sortOptions = false)
final class WebOptions {
    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(names = "--address", paramLabel = "HOST", defaultValue = "127.0.0.1", description = "where to listen (default: ${DEFAULT-VALUE}, this machine only)."
            + " There is no password: whoever reaches the page can use it")
    private String address = "127.0.0.1";

    @Option(names = "--port", paramLabel = "N", defaultValue = "8642", description = "0 takes any that is free (default: ${DEFAULT-VALUE})")
    private int port;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "512", description = "longest reply (default: ${DEFAULT-VALUE})")
    private int maxTokens;

    @Option(names = "--max-conversations", paramLabel = "N", defaultValue = "16", description = "kept at once (default: ${DEFAULT-VALUE})."
            + " Those in which nothing was said give way first, in the order they began, then the one unused longest")
    private int maxConversations;

    ModelOptions model() {
        return model;
    }

    String address() {
        return address;
    }

    int port() {
        return port;
    }

    int maxTokens() {
        return maxTokens;
    }

    int maxConversations() {
        return maxConversations;
    }
}
