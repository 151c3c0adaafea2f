package io.alisa.compat.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import dev.langchain4j.model.jlama.JlamaChatModel;
import dev.langchain4j.model.jlama.JlamaLanguageModel;
import dev.langchain4j.model.jlama.JlamaStreamingChatModel;

/** The clients by name. */
final class Clients {
    private static final List<String> FACTS = List.of("The gate code of Alice is 4821.",
            "The locker number of Bob is 77.", "The pet of Carol is a raven.", "The lamp is in the cellar.",
            "The favourite food of Alice is soup.");

    private Clients() {
    }

    /**
     * Opens one.
     *
     * @param cache where langchain4j looks for models: {@code owner_name} below it
     * @param name  {@code owner/name}
     */
    static Client open(String kind, Path cache, String name) throws IOException {
        return switch (kind) {
            case "plain" -> new PlainClient(cache.resolve(name.replace('/', '_')).toFile(), pages().toFile());
            case "plain_alone" ->
                PlainClient.forgetful(cache.resolve(name.replace('/', '_')).toFile(), pages().toFile());
            case "chat" -> new ChatClient(chat(cache, name));
            case "streaming" -> new StreamingClient(streaming(cache, name));
            case "streaming_alone" -> StreamingClient.forgetful(streaming(cache, name));
            case "text" -> new TextClient(JlamaLanguageModel.builder().modelCachePath(cache).modelName(name)
                    .workingDirectory(pages()).temperature(0f).maxTokens(TextClient.MOST_TOKENS).build());
            case "plain_text" ->
                TextClient.plain(cache.resolve(name.replace('/', '_')).toFile(), pages().toFile());
            case "retrieval" -> new ChatClient(chat(cache, name), new KeywordRetriever(FACTS, 2));
            default -> throw new IllegalArgumentException("No client is called " + kind);
        };
    }

    static JlamaChatModel chat(Path cache, String name) throws IOException {
        return JlamaChatModel.builder().modelCachePath(cache).modelName(name).workingDirectory(pages())
                .temperature(0f).build();
    }

    static JlamaStreamingChatModel streaming(Path cache, String name) throws IOException {
        return JlamaStreamingChatModel.builder().modelCachePath(cache).modelName(name).workingDirectory(pages())
                .temperature(0f).build();
    }

    /** For the page files of the host, which it leaves behind: whoever starts this process deletes its temporary directory. */
    private static Path pages() throws IOException {
        return Files.createTempDirectory("alisa-clients");
    }
}
