package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;

import io.alisa.compat.quality.Facts.Fact;

import org.junit.jupiter.api.Test;

class FactsTest {
    @Test
    void noTwoFactsOfAConversationCanBeMistaken() {
        for (int seed = 0; seed < 100; seed++) {
            List<Fact> facts = Facts.draw(Conversation.FACTS, new Random(seed));
            assertThat(facts).hasSize(Conversation.FACTS).extracting(Fact::question).doesNotHaveDuplicates();
            assertThat(facts)
                    .allSatisfy(fact -> assertThat(fact.statement()).matches("The [a-z ]+ of [A-Z][a-z]+ is \\w+\\."));
        }
    }

    @Test
    void gainedAndLostAreCountedQuestionByQuestion() {
        RecallResult dense = new RecallResult(Setting.DENSE_F32, 450, List.of(true, true, false, false));
        RecallResult sparse = new RecallResult(Setting.SPARSE_DEFAULT, 450, List.of(false, true, true, true));
        assertThat(sparse.count()).isEqualTo(3);
        assertThat(sparse.beyond(dense)).isEqualTo(2);
        assertThat(dense.beyond(sparse)).isEqualTo(1);
    }
}
