package io.alisa.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.chat.Memo;
import org.junit.jupiter.api.Test;

class OpenConversationsTest {
    private final OpenConversations open = new OpenConversations(2);
    private final OpenConversation first = new OpenConversation(Memo.conversation());
    private final OpenConversation second = new OpenConversation(Memo.conversation());
    private final OpenConversation third = new OpenConversation(Memo.conversation());

    @Test
    void thoseInWhichNothingWasSaidGiveWayFirst() {
        assertThat(open.add("1", first)).isEmpty();
        assertThat(open.use("1")).containsSame(first);
        assertThat(open.add("2", second)).isEmpty();
        assertThat(open.add("3", third)).containsExactly(second);
        assertThat(open.touch("1")).isTrue();
        assertThat(open.touch("2")).isFalse();
        assertThat(open.touch("3")).isTrue();
    }

    @Test
    void thoseInWhichNothingWasSaidGiveWayInTheOrderTheyBegan() {
        open.add("1", first);
        open.add("2", second);
        assertThat(open.touch("1")).as("only that it is asked for changes nothing").isTrue();
        assertThat(open.add("3", third)).containsExactly(first);
    }

    @Test
    void thenTheOneUnusedLongest() {
        open.add("1", first);
        open.use("1");
        open.add("2", second);
        open.use("2");
        assertThat(open.touch("1")).as("somebody asks for it").isTrue();
        assertThat(open.add("3", third)).containsExactly(second);
    }

    @Test
    void whatIsGoneIsNotThere() {
        open.add("1", first);
        open.add("2", second);
        open.use("2");
        assertThat(open.remove("1")).containsSame(first);
        assertThat(open.remove("2")).containsSame(second);
        assertThat(open.remove("2")).isEmpty();
        assertThat(open.use("1")).isEmpty();
        assertThat(open.touch("2")).isFalse();
    }
}
