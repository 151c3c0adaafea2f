package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;

class PromptCallerTest {
    private static final String MODEL = "com.github.tjake.jlama.model.AbstractModel";
    private static final String TEXTS = "dev.langchain4j.model.jlama.JlamaLanguageModel";

    @Test
    void theHostsModelIsToldFromWhoFeedsTokensHimself() {
        assertThat(PromptCaller.of(List.of(MODEL, MODEL, "Application"))).isEqualTo(PromptCaller.GENERATE);
        assertThat(PromptCaller.of(List.of("Application", MODEL))).isEqualTo(PromptCaller.OTHER);
        assertThat(PromptCaller.of(List.of())).isEqualTo(PromptCaller.OTHER);
    }

    @Test
    void modelsForTextsAreKnownByName() {
        assertThat(PromptCaller.of(List.of(MODEL, TEXTS, "Application"))).isEqualTo(PromptCaller.GENERATE_ALONE);
        assertThat(PromptCaller.of(List.of("Application", TEXTS))).isEqualTo(PromptCaller.OTHER);
        assertThat(PromptCaller.now()).as("no cache object was asked").isEqualTo(PromptCaller.OTHER);
    }

    /** Several users may share such an object, and each of them begins with a question and nothing before it. */
    @Test
    void streamingChatModelsSendWholeConversations() {
        for (String name : List.of("dev.langchain4j.model.jlama.JlamaStreamingChatModel",
                "io.quarkiverse.langchain4j.jlama.JlamaStreamingChatModel")) {
            assertThat(PromptCaller.of(List.of(MODEL, name, name, name, "Application"))).as(name)
                    .isEqualTo(PromptCaller.GENERATE_ALONE);
        }
    }

    @Test
    void theHostsOwnDetoursDoNotCount() {
        String builder = "com.github.tjake.jlama.model.functions.Generator$GenerateBuilder";
        assertThat(PromptCaller.of(List.of(MODEL, MODEL, builder, TEXTS, "Application")))
                .isEqualTo(PromptCaller.GENERATE_ALONE);
        assertThat(PromptCaller.of(List.of(MODEL, builder, "Application", TEXTS))).isEqualTo(PromptCaller.GENERATE);
        assertThat(PromptCaller.of(List.of(MODEL, builder))).isEqualTo(PromptCaller.GENERATE);
    }

    /** However deep in its own code, and whether the answer goes on or is complete. */
    @Test
    void whoIsCalledByAClientAsksForHimself() {
        String streaming = "dev.langchain4j.model.jlama.JlamaStreamingChatModel";
        for (int depth = 1; depth < 20; depth++) {
            List<String> own = Collections.nCopies(depth, "Application");
            for (List<String> client : List.of(List.of(streaming, MODEL, streaming), List.of(streaming, streaming))) {
                List<String> classes = new ArrayList<>(List.of(MODEL));
                classes.addAll(own);
                classes.addAll(client);
                assertThat(PromptCaller.of(classes)).as("%s", classes).isEqualTo(PromptCaller.GENERATE);
            }
        }
    }
}
