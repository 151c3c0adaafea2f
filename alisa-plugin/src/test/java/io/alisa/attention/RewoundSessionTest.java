package io.alisa.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

import io.alisa.cache.KvDigest;
import io.alisa.cache.KvFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The host overwrites from an earlier position on by feeding that position again. */
class RewoundSessionTest {
    private static final double BOUND = 1e-10;
    private static final AttentionShape SHAPE = new AttentionShape(2, 3, 40, 0);
    private static final Tokens FIRST = Tokens.random(40, 1.5, 1);
    private static final Tokens SECOND = Tokens.random(40, 1.5, 2);

    private static FedSession session() {
        return new FedSession(SHAPE, KvFormat.INT8, true, new VectorKernels(), Teams.of(2), FIRST);
    }

    /** Within the newest block nothing is lost at all; in an earlier one its floats come back from eight bits. */
    @ParameterizedTest
    @CsvSource({"200,195,1", "200,192,1", "200,193,90", "200,130,1", "200,128,1", "200,127,200", "200,0,1", "200,0,300",
            "200,1,70", "128,127,1", "128,64,1", "128,100,28", "129,128,1", "129,100,1", "65,64,5", "64,63,2"})
    void whatIsThereNowIsAttended(int before, int from, int count) {
        try (FedSession session = session()) {
            session.feed(0, before);
            session.setTokens(SECOND);
            session.begin(from, from + count);
            check(session, before, from);
            session.settle();
            session.begin(from + count, from + count + 1);
            check(session, before, from);
        }
    }

    private static void check(FedSession session, int before, int from) {
        float[] output = session.attend();
        assertThat(Formula.nmse(output, session.expected())).as("back from %s to %s", before, from)
                .isLessThanOrEqualTo(BOUND);
    }

    @ParameterizedTest
    @ValueSource(ints = {195, 192, 130, 128, 127, 64, 1, 0})
    void theStoreIsThatOfASessionWithoutTheDetour(int from) {
        try (FedSession detour = session(); FedSession straight = session()) {
            detour.feed(0, 200);
            detour.setTokens(SECOND);
            detour.feed(from, 260);
            if (from > 0) {
                straight.feed(0, from);
            }
            straight.setTokens(SECOND);
            straight.feed(from, 260);
            assertThat(detour.int8Bytes()).isEqualTo(straight.int8Bytes());
            assertThat(detour.digestBytes()).isEqualTo(straight.digestBytes());
            assertThat(detour.recentFloats()).isDeepEqualTo(straight.recentFloats());
        }
    }

    @ParameterizedTest
    @CsvSource({"200,3", "192,3", "191,2", "128,2", "127,1", "64,1", "63,0", "0,0"})
    void digestsShrinkWithTheContext(int from, int left) {
        try (FedSession session = session()) {
            session.feed(0, 256);
            KvDigest digest = session.digest();
            assertThat(digest.blocks()).isEqualTo(4);
            byte[] full = session.digestBytes();
            session.layer().resize(from, from + 1);
            assertThat(digest.blocks()).isEqualTo(left);
            session.feed(from, 256);
            assertThat(session.digestBytes()).as("rebuilt").isEqualTo(full);
        }
    }

    /** Going back into an earlier block and on from there token by token, again and again. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void steppingOnAfterManyDetours(boolean byTokens) {
        try (FedSession session = session()) {
            session.feed(0, 300);
            for (int from : new int[]{290, 250, 256, 100, 64, 63}) {
                session.setTokens(from % 2 == 0 ? SECOND : FIRST);
                int end = from + 70;
                if (byTokens) {
                    for (int position = from; position < end; position++) {
                        session.feed(position, position + 1);
                    }
                } else {
                    session.feed(from, end);
                }
                session.begin(end, end + 1);
                check(session, end, from);
                session.settle();
            }
        }
    }

    /** Eight bits are close: whoever goes back into an earlier block sees almost what was there. */
    @ParameterizedTest
    @ValueSource(ints = {66, 100, 127})
    void restoredFloatsAreClose(int from) {
        try (FedSession session = session()) {
            session.feed(0, 200);
            session.begin(from, from + 70);
            for (int token = 64; token < from; token++) {
                expectClose(session.seenKey(token, 1, from), FIRST.key(token, 1));
                expectClose(session.seenValue(token, 1, from), FIRST.value(token, 1));
            }
            assertThat(session.seenKey(from, 1, from)).as("what is written now").isEqualTo(FIRST.key(from, 1));
        }
    }

    private static void expectClose(float[] actual, float[] original) {
        double[] expected = new double[original.length];
        Arrays.setAll(expected, i -> original[i]);
        assertThat(Formula.nmse(actual, expected)).isPositive().isLessThan(1e-3);
    }

    @ParameterizedTest
    @ValueSource(ints = {193, 199, 200})
    void theNewestBlockLosesNothing(int from) {
        try (FedSession session = session()) {
            session.feed(0, 200);
            session.begin(from, from + 1);
            for (int token = 192; token < from; token++) {
                assertThat(session.seenKey(token, 1, from)).isEqualTo(FIRST.key(token, 1));
                assertThat(session.seenValue(token, 0, from)).isEqualTo(FIRST.value(token, 0));
            }
        }
    }
}
