package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;

import org.junit.jupiter.api.Test;

class ReplayTest {
    @Test
    void aReplaySurvivesTheWayToTheOtherJvm() throws IOException {
        Replay replay = new Replay(TokenList.of(), TokenList.of(0, 2, 53), 7);
        Replay read = Replay.fromLines(new BufferedReader(new StringReader(replay.toLines())));
        assertThat(read.toLines()).isEqualTo(replay.toLines());
        assertThat(read.history().size()).isZero();
    }

    @Test
    void theSameTurnInAnotherJvmIsIdentical() {
        try (Conversation conversation = Memo.conversation()) {
            Memo.say(conversation, "Remember this: The gate code of Alice is 4821.");
            Turn turn = Memo.say(conversation, "What is the gate code of Alice?");
            ReplayJvm.Result again = new ReplayJvm(ModelOptions.of(Memo.DIRECTORY), false)
                    .run(Replay.of(conversation.ids(), turn));

            assertThat(again.ids().toString()).isEqualTo(turn.replyIds().toString());
            assertThat(again.prefill().tokens()).isEqualTo(turn.promptEnd() - turn.promptStart());
            String table = HostComparison.table(turn, again, again, Memo.model().model().getTokenizer());
            assertThat(table).contains("1.00 x", "host:   The gate code of Alice is 4821.",
                    "Identical, all 15 tokens");
        }
    }

    @Test
    void differentRepliesAreSaidToBe() {
        Turn.Speed speed = new Turn.Speed(1, 1);
        Turn turn = new Turn("Noted", 0, 1, TokenList.of(5, 6), Turn.Finish.END_TOKEN, speed, speed);
        ReplayJvm.Result host = new ReplayJvm.Result(TokenList.of(5, 7), speed, speed);
        assertThat(HostComparison.table(turn, host, host, Memo.model().model().getTokenizer()))
                .endsWith("Different from token 2 of 2 on.");
    }
}
