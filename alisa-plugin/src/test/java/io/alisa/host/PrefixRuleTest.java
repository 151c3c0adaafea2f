package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.cache.KvFormat;
import io.alisa.sparse.Budget;
import org.junit.jupiter.api.Test;

class PrefixRuleTest {
    private static final PrefixRule EXACT = new PrefixRule(SessionMode.exact(KvFormat.F32), 256, false, false);
    private static final PrefixRule ANY_BATCH = new PrefixRule(SessionMode.exact(KvFormat.F32), 256, true, false);
    private static final PrefixRule INT8 = new PrefixRule(new SessionMode(KvFormat.INT8, false, null, new Budget(1, 0)),
            256, true, false);
    private static final PrefixRule SPARSE = new PrefixRule(
            new SessionMode(KvFormat.INT8, false, "swa", new Budget(0.2, 64)), 256, true, false);

    /** A prompt of 600 tokens, 50 decoded ones, the last 10 of them sparsely, and a prompt from 650 to 1,000. */
    private static BatchLog computed() {
        BatchLog log = new BatchLog();
        log.add(0, 256, false);
        log.add(256, 512, false);
        log.add(512, 600, false);
        for (int position = 600; position < 650; position++) {
            log.add(position, position + 1, position >= 640);
        }
        log.add(650, 906, false);
        log.add(906, 1000, false);
        return log;
    }

    @Test
    void exactSessionsTakeWholeBatchesThatTheirOwnPrefillWouldCut() {
        assertThat(EXACT.reusable(1000, 2000, computed())).isEqualTo(512);
        assertThat(EXACT.reusable(512, 2000, computed())).isEqualTo(512);
        assertThat(EXACT.reusable(511, 2000, computed())).isEqualTo(256);
        assertThat(EXACT.reusable(512, 512, computed())).as("the last token's output is asked for").isEqualTo(256);
        assertThat(EXACT.reusable(255, 2000, computed())).isZero();
        // Batches of 96: whole blocks of 64 only at every second one.
        PrefixRule odd = new PrefixRule(EXACT.mode(), 96, false, false);
        BatchLog log = new BatchLog();
        for (int start = 0; start < 480; start += 96) {
            log.add(start, start + 96, false);
        }
        assertThat(odd.reusable(480, 1000, log)).isEqualTo(384);
    }

    @Test
    void exactSessionsTakeAllTokensWhereBatchesDoNotMatter() {
        BatchLog log = new BatchLog();
        log.add(0, 256, false);
        log.add(256, 300, false);
        for (int position = 300; position < 350; position++) {
            log.add(position, position + 1, false);
        }
        assertThat(ANY_BATCH.reusable(350, 2000, log)).isEqualTo(350);
        assertThat(ANY_BATCH.reusable(333, 2000, log)).isEqualTo(333);
        assertThat(ANY_BATCH.reusable(350, 350, log)).as("the last token's output is asked for").isEqualTo(349);
        assertThat(ANY_BATCH.blocks(349)).as("shared with another session").isEqualTo(320);
    }

    @Test
    void roundedSessionsTakeBlocksThatWereAttendedDensely() {
        assertThat(INT8.reusable(1000, 2000, computed())).isEqualTo(640);
        assertThat(INT8.reusable(630, 2000, computed())).isEqualTo(576);
        assertThat(INT8.reusable(128, 128, computed())).isEqualTo(64);
        assertThat(INT8.reusable(63, 2000, computed())).isZero();
    }

    @Test
    void whatWasCutIsNotTakenOver() {
        BatchLog log = computed();
        log.cut(300);
        assertThat(EXACT.reusable(300, 2000, log)).isEqualTo(256);
        log.add(300, 800, false);
        assertThat(EXACT.reusable(800, 2000, log)).as("the second batch was another").isEqualTo(256);
        assertThat(INT8.reusable(800, 2000, log)).as("nothing is sparse any more").isEqualTo(768);
        assertThat(computed().first(512).lastEnd()).isEqualTo(512);
        assertThat(computed().first(600).sparseFrom()).isEqualTo(Integer.MAX_VALUE);
    }

    /** The host's experts work on a batch in fields that its tokens share. */
    @Test
    void expertsTakeWholeBatchesInEveryMode() {
        PrefixRule experts = new PrefixRule(INT8.mode(), 256, false, true);
        assertThat(experts.reusable(1000, 2000, computed())).isEqualTo(512);
        assertThat(experts.reusable(500, 2000, computed())).isEqualTo(256);
        assertThat(new PrefixRule(SPARSE.mode(), 256, false, true).reusable(512, 513, computed())).isEqualTo(512);
    }
}
