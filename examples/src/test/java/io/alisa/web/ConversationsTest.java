package io.alisa.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.alisa.chat.ContextFull;
import io.alisa.chat.Conversation;
import io.alisa.chat.Memo;
import io.alisa.chat.Sampling;
import io.alisa.chat.Turn;
import org.junit.jupiter.api.Test;

/** Several who want to speak at once. */
class ConversationsTest {
    private static final String FACT = "Remember this: The gate code of Alice is 4821.";
    private static final String QUESTION = "What is the gate code of Alice?";

    private final Conversations conversations = new Conversations(Memo.model(), 40, 3);
    private final String alice = conversations.begin();
    private final String bob = conversations.begin();

    @Test
    void whatWasGivenUpWhileItWaitedWasNeverSaid() {
        Watcher watcher = new Watcher();
        Optional<Turn> first = conversations.say(alice, FACT, new Watcher() {
            @Override
            public void onPrefill(int done, int total) {
                assertThat(inAnotherThread(() -> conversations.say(bob, FACT, watcher.leavesWhen("wait")))).isEmpty();
            }
        });
        assertThat(first.map(Turn::text)).contains("Noted.");
        assertThat(watcher.seen).containsExactly("wait");
        assertThat(said(bob)).isZero();
    }

    @Test
    void whoLeavesWhenItsTurnComesHasSaidNothingEither() {
        Watcher watcher = new Watcher();
        assertThat(conversations.say(bob, FACT, watcher.leavesWhen("floor"))).isEmpty();
        assertThat(watcher.seen).containsExactly("floor");
        assertThat(said(bob)).isZero();
    }

    @Test
    void whoWaitsSpeaksNext() {
        Watcher watcher = new Watcher();
        assertThat(meanwhile(bob, QUESTION, watcher, ConversationsTest::nothing)).isPresent();
        assertThat(watcher.seen).startsWith("wait").contains("floor", "read");
    }

    @Test
    void oneThatIsTooLongIsRefusedWithoutWaiting() {
        Watcher watcher = new Watcher();
        Optional<Turn> first = conversations.say(alice, FACT, new Watcher() {
            @Override
            public void onPrefill(int done, int total) {
                assertThatThrownBy(() -> inAnotherThread(
                        () -> conversations.say(bob, FACT.repeat(500), watcher.leavesWhen("wait"))))
                        .hasCauseInstanceOf(ContextFull.class);
            }
        });
        assertThat(first).isPresent();
        assertThat(watcher.seen).isEmpty();
    }

    /** As from two tabs with the same page. */
    @Test
    void theSecondOfTwoMessagesInOneConversationGoesOnFromTheFirst() {
        assertThat(meanwhile(alice, QUESTION, new Watcher(), ConversationsTest::nothing).map(Turn::text))
                .contains("The gate code of Alice is 4821.");
    }

    @Test
    void oneThatIsClosedWhileItWaitsSaysNothing() {
        Watcher watcher = new Watcher();
        assertThat(meanwhile(bob, FACT, watcher, () -> conversations.end(bob))).isEmpty();
        assertThat(watcher.seen).doesNotContain("floor");
    }

    /** With two who speak in turns the floor is never free, and what others gave up would be held for good. */
    @Test
    void oneThatLeavesIsClosedBeforeTheNextSpeaks() {
        String carol = conversations.begin();
        Conversation left = open(carol);
        List<Turn> goesOn = new ArrayList<>();
        Watcher next = new Watcher() {
            @Override
            public void onFloor(Conversation conversation) {
                goesOn.add(left.say(QUESTION, Sampling.greedy(1), new Watcher()));
            }
        };
        assertThat(meanwhile(bob, FACT, next, () -> conversations.end(carol))).isPresent();
        Turn turn = goesOn.getFirst();
        assertThat(turn.promptStart()).isPositive();
        assertThat(turn.prefill().tokens()).as("a closed one reads all of it again").isEqualTo(turn.promptEnd());
    }

    /** What is told of the end is about the session used last. */
    @Test
    void theNextDoesNotSpeakBeforeTheEndIsTold() {
        Watcher watcher = new Watcher();
        List<Turn> ended = new ArrayList<>();
        Optional<Turn> first = conversations.say(alice, FACT, new Watcher() {
            @Override
            public void onEnd(Turn turn) {
                ended.add(turn);
                assertThat(inAnotherThread(() -> conversations.say(bob, FACT, watcher.leavesWhen("wait")))).isEmpty();
            }
        });
        assertThat(first).contains(ended.getFirst());
        assertThat(watcher.seen).containsExactly("wait");
    }

    /** A page that is only opened, again and again, throws nobody out. */
    @Test
    void conversationsInWhichNothingWasSaidGiveWayToEachOther() {
        conversations.say(alice, FACT, new Watcher());
        for (int i = 0; i < 5; i++) {
            conversations.begin();
        }
        assertThat(conversations.say(alice, QUESTION, new Watcher()).map(Turn::text))
                .contains("The gate code of Alice is 4821.");
    }

    /**
     * Has somebody speak while Alice does, who goes on once he waits.
     *
     * @param whileHeWaits what happens before she does
     */
    private Optional<Turn> meanwhile(String name, String text, Watcher watcher, Runnable whileHeWaits) {
        List<CompletableFuture<Optional<Turn>>> second = new ArrayList<>();
        CompletableFuture<Boolean> waits = new CompletableFuture<>();
        watcher.does("wait", () -> waits.complete(true));
        conversations.say(alice, FACT, new Watcher() {
            @Override
            public void onPrefill(int done, int total) {
                second.add(CompletableFuture.supplyAsync(() -> conversations.say(name, text, watcher)));
                CompletableFuture.anyOf(waits, second.getFirst()).join(); // or it failed at once
                whileHeWaits.run();
            }
        });
        return second.getFirst().join();
    }

    private static void nothing() {
        // she goes on at once
    }

    /** One in which something was said. */
    private Conversation open(String name) {
        List<Conversation> spoke = new ArrayList<>();
        conversations.say(name, FACT, new Watcher() {
            @Override
            public void onFloor(Conversation conversation) {
                spoke.add(conversation);
            }
        });
        return spoke.getFirst();
    }

    /** Tokens of what was said before. */
    private int said(String name) {
        return conversations.say(name, QUESTION, new Watcher()).orElseThrow().promptStart();
    }

    private static <T> T inAnotherThread(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task).join();
    }

    /** Notes what happens, and may leave when it does. */
    private static class Watcher implements SpeakerListener {
        final List<String> seen = new ArrayList<>();
        private String leaves = "never";
        private String acts = "never";
        private Runnable act = () -> {
        };

        Watcher leavesWhen(String event) {
            leaves = event;
            return this;
        }

        void does(String event, Runnable action) {
            acts = event;
            act = action;
        }

        private void on(String event) {
            if (!seen.contains(event)) {
                seen.add(event);
            }
            if (acts.equals(event)) {
                act.run();
            }
        }

        @Override
        public void onWait() {
            on("wait");
        }

        @Override
        public void onFloor(Conversation conversation) {
            on("floor");
        }

        @Override
        public void onPrefill(int done, int total) {
            on("read");
        }

        @Override
        public void onText(String piece) {
            on("text");
        }

        @Override
        public void onEnd(Turn turn) {
            on("end");
        }

        @Override
        public boolean stop() {
            return seen.contains(leaves);
        }
    }
}
