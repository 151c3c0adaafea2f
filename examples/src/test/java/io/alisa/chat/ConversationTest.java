package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

class ConversationTest {
    private static final String FACT = "Remember this: The gate code of Alice is 4821.";
    private static final String QUESTION = "What is the gate code of Alice?";

    @Test
    void remembersWhatItWasTold() {
        try (Conversation conversation = Memo.conversation()) {
            assertThat(Memo.say(conversation, FACT).text()).isEqualTo("Noted.");
            assertThat(Memo.say(conversation, QUESTION).text()).contains("4821");
        }
    }

    @Test
    void aTurnReadsOnlyWhatIsNew() {
        try (Conversation conversation = Memo.conversation()) {
            Turn first = Memo.say(conversation, FACT);
            TokenList afterFirst = conversation.ids();
            Turn second = Memo.say(conversation, QUESTION);

            assertThat(afterFirst.isPrefixOf(conversation.ids())).isTrue();
            assertThat(second.promptStart()).isEqualTo(afterFirst.size());
            assertThat(first.prefill().tokens()).isEqualTo(first.promptEnd());
            assertThat(second.prefill().tokens()).isEqualTo(second.promptEnd() - second.promptStart());
        }
    }

    @Test
    void theContextIsTheModelsOwnFormatWithOneBos() {
        try (Conversation conversation = Memo.conversation()) {
            Memo.say(conversation, FACT);
            Memo.say(conversation, QUESTION);
            TokenList expected = Memo.model().encoder().encode("<|begin|><|user|>" + FACT
                    + "<|end|><|assistant|>Noted.<|end|><|user|>" + QUESTION
                    + "<|end|><|assistant|>The gate code of Alice is 4821.");
            assertThat(conversation.ids().toString()).isEqualTo(expected.toString());
        }
    }

    @Test
    void repliesAreThoseOfOneLongPrefill() {
        try (Conversation conversation = Memo.conversation();
                Decoder once = new Decoder(Memo.model().model())) {
            Memo.say(conversation, FACT);
            Memo.say(conversation, "Remember this: The pet of Tom is a dog.");
            Turn last = Memo.say(conversation, QUESTION);

            int[] all = conversation.ids().toArray();
            once.prefill(all, 0, last.promptEnd());
            TokenList reply = new TokenList();
            reply.add(once.sample(0, 0));
            while (reply.size() < last.replyIds().size()) {
                once.step(reply.last());
                reply.add(once.sample(0, 0));
            }
            assertThat(reply.toString()).isEqualTo(last.replyIds().toString());
        }
    }

    @Test
    void whatIsStreamedIsTheReply() {
        try (Conversation conversation = Memo.conversation()) {
            Recorder recorder = new Recorder();
            Turn turn = conversation.say(FACT, Sampling.greedy(40), recorder);
            assertThat(recorder.text()).isEqualTo(turn.text()).isNotEmpty();
            assertThat(turn.finish()).isEqualTo(Turn.Finish.END_TOKEN);
        }
    }

    @Test
    void aStoppedReplyKeepsTheConversation() {
        try (Conversation conversation = Memo.conversation()) {
            Memo.say(conversation, FACT);
            Turn stopped = conversation.say(QUESTION, Sampling.greedy(40), new Recorder(2));
            assertThat(stopped.finish()).isEqualTo(Turn.Finish.STOPPED);
            assertThat(stopped.replyIds().size()).isEqualTo(2);

            Turn next = Memo.say(conversation, QUESTION);
            assertThat(next.text()).contains("4821");
            assertThat(next.prefill().tokens()).as("the stopped reply's last token was still unread")
                    .isEqualTo(next.promptEnd() - next.promptStart() + 1);
        }
    }

    @Test
    void aReplyStoppedWhileReadingIsEmptyAndNothingIsLost() {
        try (Conversation conversation = Memo.conversation()) {
            String text = "Remember this: " + "The lamp is in the cellar. ".repeat(60);
            Turn stopped = conversation.say(text, Sampling.greedy(40), new Recorder(0));
            assertThat(stopped.finish()).isEqualTo(Turn.Finish.STOPPED);
            assertThat(stopped.text()).isEmpty();
            assertThat(stopped.prefill().tokens()).isEqualTo(Decoder.CHUNK);

            int unread = conversation.tokens() - Decoder.CHUNK;
            Turn next = Memo.say(conversation, "Where is the lamp?");
            assertThat(next.prefill().tokens()).isEqualTo(unread + next.promptEnd() - next.promptStart());
        }
    }

    @Test
    void afterAFailureEverythingIsReadAgain() {
        try (Conversation conversation = Memo.conversation()) {
            Memo.say(conversation, FACT);
            assertThatThrownBy(() -> conversation.say(QUESTION, Sampling.greedy(40), piece -> {
                throw new IllegalStateException("broken");
            })).hasMessage("broken");
            Turn next = Memo.say(conversation, QUESTION);
            assertThat(next.prefill().tokens()).isEqualTo(next.promptEnd());
            assertThat(next.text()).contains("4821");
        }
    }

    @Test
    void aReopenedConversationIsReadAgainAndKnowsAll() {
        try (Conversation conversation = Memo.conversation()) {
            conversation.reopen(); // nothing to give up yet
            Memo.say(conversation, FACT);
            TokenList before = conversation.ids();
            conversation.reopen();
            assertThat(conversation.ids().toString()).isEqualTo(before.toString());
            Turn next = Memo.say(conversation, QUESTION);
            assertThat(next.promptStart()).isEqualTo(before.size());
            assertThat(next.prefill().tokens()).isEqualTo(next.promptEnd());
            assertThat(next.text()).contains("4821");
        }
    }

    @Test
    void maxTokensCutsAReply() {
        try (Conversation conversation = Memo.conversation()) {
            Turn turn = conversation.say(FACT, Sampling.greedy(1), new Recorder());
            assertThat(turn.finish()).isEqualTo(Turn.Finish.MAX_TOKENS);
            assertThat(turn.replyIds().size()).isEqualTo(1);
        }
    }

    @Test
    void aMessageThatDoesNotFitChangesNothing() {
        try (Conversation conversation = new Conversation(Memo.withContext(64), List.of())) {
            Memo.say(conversation, FACT);
            TokenList before = conversation.ids();
            assertThatThrownBy(() -> Memo.say(conversation, "one two three ".repeat(13)))
                    .isInstanceOf(ContextFull.class)
                    .hasMessageEndingWith("37 of 64 are left"); // each UI says what to do about it
            assertThat(conversation.ids().toString()).isEqualTo(before.toString());
            assertThat(Memo.say(conversation, QUESTION).text()).contains("4821");
        }
    }

    @Test
    void aReplyEndsWhereTheContextDoes() {
        try (Conversation conversation = new Conversation(Memo.withContext(50), List.of())) {
            Memo.say(conversation, FACT);
            Turn turn = Memo.say(conversation, QUESTION);
            assertThat(turn.finish()).isEqualTo(Turn.Finish.CONTEXT_FULL);
            assertThat(conversation.tokens()).isEqualTo(50);
            assertThatThrownBy(() -> Memo.say(conversation, QUESTION)).isInstanceOf(ContextFull.class);
            assertThat(conversation.turns()).hasSize(2);
        }
    }

    @Test
    void aFirstMessageLongerThanTheContextSaysSo() {
        try (Conversation conversation = new Conversation(Memo.withContext(64), List.of())) {
            assertThatThrownBy(() -> Memo.say(conversation, "one two three ".repeat(60)))
                    .isInstanceOf(ContextFull.class).hasMessageEndingWith("the model's context holds 64");
        }
    }

    /** Its tokens are not counted: encoding a library only to refuse it would take long. */
    @Test
    void aMessageFarTooLongIsRefusedByItsLength() {
        try (Conversation conversation = new Conversation(Memo.withContext(64), List.of())) {
            assertThatThrownBy(() -> Memo.say(conversation, "a\u00e9".repeat(750_000)))
                    .isInstanceOfSatisfying(ContextFull.class, e -> assertThat(e.isTooLongForAny()).isTrue())
                    .hasMessage("The message is at least 100,000 tokens long and the model's context holds 64");
            assertThat(conversation.messages()).isEmpty();
        }
    }

    @Test
    void whatWasPreparedBeforeSomethingElseWasSaidIsNotSaid() {
        try (Conversation conversation = Memo.conversation()) {
            Conversation.Prepared prepared = conversation.prepare(QUESTION);
            Memo.say(conversation, FACT);
            assertThatThrownBy(() -> conversation.say(prepared, Sampling.greedy(40), new Recorder()))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(Memo.say(conversation, QUESTION).text()).contains("4821");
        }
    }

    @Test
    void theLastTurnsThatFitIntoHalfTheContextAreKept() {
        List<Message> kept;
        try (Conversation conversation = new Conversation(Memo.withContext(100),
                List.of(Message.system("Be brief.")))) {
            Memo.say(conversation, "Remember this: The pet of Tom is a dog.");
            Memo.say(conversation, FACT);
            kept = conversation.lastTurns();
        }
        assertThat(kept).extracting(Message::role).containsExactly(Message.Role.SYSTEM, Message.Role.USER,
                Message.Role.ASSISTANT);
        try (Conversation next = new Conversation(Memo.withContext(100), kept)) {
            assertThat(Memo.say(next, QUESTION).text()).contains("4821");
        }
    }

    @Test
    void theSameSeedGivesTheSameReply() {
        assertThat(varied(7)).isEqualTo(varied(7)).isNotEqualTo(varied(8));
    }

    private static String varied(long seed) {
        try (Conversation conversation = Memo.conversation()) {
            Sampling sampling = new Sampling(5, new SplittableRandom(seed), 12);
            return conversation.say(FACT, sampling, new Recorder()).replyIds().toString();
        }
    }
}
