package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

/** Conversations in formats other than the memo model's own. */
class RereadTest {
    private static final String QUESTION = "What is the gate code of Alice?";

    @Test
    void aTemplateThatRewritesThePastIsReadAgainAndSaysSo() {
        PromptFormat forgetful = ChatTemplate
                .of(Optional.of(Templates.support(Templates.FORGETFUL)), Templates.FORGETFUL).orElseThrow();
        try (Conversation conversation = conversation(forgetful)) {
            Memo.say(conversation, "The gate code of Alice is 4821.");
            Recorder recorder = new Recorder();
            Turn turn = conversation.say(QUESTION, Sampling.greedy(5), recorder);
            assertThat(recorder.rereads()).isEqualTo(1);
            assertThat(turn.promptStart()).isZero();
            assertThat(turn.prefill().tokens()).isEqualTo(turn.promptEnd());
            assertThat(Detokenizer.text(Memo.model().model().getTokenizer(), conversation.ids().toArray()))
                    .startsWith("(The gate code");
        }
    }

    @Test
    void withoutATemplateTheModelGoesOnWriting() {
        try (Conversation conversation = conversation(new PlainText())) {
            conversation.say("It was", Sampling.greedy(4), new Recorder());
            TokenList before = conversation.ids();
            Turn turn = conversation.say("Then", Sampling.greedy(4), new Recorder());
            assertThat(before.isPrefixOf(conversation.ids())).isTrue();
            assertThat(turn.text()).isNotEmpty();
            assertThat(Detokenizer.text(Memo.model().model().getTokenizer(), conversation.ids().toArray()))
                    .startsWith("It was").contains("\nThen");
        }
    }

    private static Conversation conversation(PromptFormat format) {
        return new Conversation(new LoadedModel(Memo.DIRECTORY, Memo.model().model(), 512, format),
                List.of());
    }
}
