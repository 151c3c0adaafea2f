package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;

import io.alisa.Phase;
import io.alisa.SessionReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jspecify.annotations.Nullable;

/** {@code /sparse}: the setting, the new session, and what is said of a sparse one. */
class SparseCommandTest {
    private static final String FACT = "Remember this: The gate code of Alice is 4821.";
    private static final String QUESTION = "What is the gate code of Alice?";
    private static final String SPARSE = "alisa.sparse";

    private final @Nullable String before = System.getProperty(SPARSE);

    @BeforeEach
    void unset() {
        System.clearProperty(SPARSE);
    }

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(SPARSE);
        } else {
            System.setProperty(SPARSE, before);
        }
    }

    /** With it: see {@link ChatIT}. */
    @Test
    void withoutThePluginNothingChangesWhichIsSaid() {
        ScriptedUi ui = chat(FACT, "/sparse on", QUESTION, "/stats");
        assertThat(ui.notes).anyMatch(n -> n.startsWith("Nothing changes. ") && n.contains("-javaagent:"))
                .noneMatch(n -> n.startsWith("Sparse attention is"));
        assertThat(System.getProperty(SPARSE)).isNull();
        assertThat(ui.shown.getLast()).as("nothing was read again").containsPattern("\\R +1 +23 .*\\R +2 +15 ");
    }

    @Test
    void anythingElseIsAnsweredByWhatCanBeSaid() {
        for (String line : List.of("/sparse", "/sparse maybe", "/sparse ON")) {
            assertThat(chat(line).notes).contains("Say /sparse on or /sparse off");
        }
        assertThat(System.getProperty(SPARSE)).isNull();
    }

    @Test
    void helpNamesIt() {
        assertThat(chat("/help").shown.getFirst()).contains("/sparse on", "/sparse off");
    }

    @Test
    void theOtherJvmOfAComparisonIsAsSparseAsThisOne() {
        System.setProperty(SPARSE, "true");
        ModelOptions options = ModelOptions.of(Memo.DIRECTORY);
        assertThat(new ReplayJvm(options, true).command()).contains("-Dalisa.sparse=true");
        assertThat(new ReplayJvm(options, false).command()).noneMatch(argument -> argument.startsWith("-Dalisa."));
    }

    @Test
    void theStatusOfASparseSessionSaysWhatItAttends() {
        assertThat(status("sparse swa INT8")).contains("KV 1.0 KiB (host 8.0 KiB), phase I | sparse swa INT8,"
                + " attends 410 of 2,048 tokens per step (75 % of the attention), 1,234 recalled");
        assertThat(status("exact F32")).endsWith("| exact F32");
    }

    @Test
    void theStatisticsSayItToo() {
        try (Conversation conversation = Memo.conversation()) {
            assertThat(StatsTable.of(Memo.model(), conversation, Optional.of(report("sparse swa INT8")))
                    .lines().map(line -> line.replaceAll(" +", " ")))
                    .contains("mode sparse swa INT8, phase I", "attended 409.6 of 2,048 tokens per step",
                            "recalled 1,234 tokens");
        }
    }

    private static String status(String mode) {
        Turn.Speed speed = new Turn.Speed(1, 1);
        Turn turn = new Turn("Noted", 0, 1, TokenList.of(5), Turn.Finish.END_TOKEN, speed, speed);
        try (Conversation conversation = Memo.conversation()) {
            return StatusLine.of(conversation, turn, Optional.of(report(mode)));
        }
    }

    private static SessionReport report(String mode) {
        return new SessionReport("1", "a model", mode, false, 2048, Phase.I, 1024, 0, 8192, 409.6, 0, 0, 1234, 0, 0,
                0.75, 0, 0, 0);
    }

    private static ScriptedUi chat(String... lines) {
        ScriptedUi ui = new ScriptedUi(lines);
        new ChatLoop(Memo.model(), ModelOptions.of(Memo.DIRECTORY), null, Sampling.greedy(40), ui).run();
        return ui;
    }
}
