package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.alisa.attention.ScalarKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.parallel.WorkerTeam;
import org.junit.jupiter.api.Test;

/** The host keeps its cache objects for ever: what we know of them must not grow with every answer ever given. */
class ClosedIdsTest {
    private static final ModelShape SHAPE = new ModelShape("TINY", 2, 256, 64, 0, 2, 2, 0, 4, 16, KvFormat.F32, 0.25f,
            0,
            128);
    private static final int TOKENS = 100;

    private final Object model = new Object();

    /** One turn under a new id: the whole history and an answer. */
    private Object turn(Sessions sessions, boolean keep) {
        Object kvBuffer = new Object();
        Binding binding = sessions.bind(kvBuffer);
        say(sessions, binding);
        sessions.close(binding, keep);
        return kvBuffer;
    }

    private void say(Sessions sessions, Binding binding) {
        binding.record(0, new int[TOKENS - 1]);
        HostSession session = new HostSession(SHAPE, SessionMode.exact(KvFormat.F32), KvMemory.unlimited(),
                new ScalarKernels(), WorkerTeam.shared());
        sessions.open(binding, model, session);
        binding.recordOne(TOKENS - 1, 7);
        session.kv().layer(0).resize(TOKENS);
        session.stepDone(TOKENS, 1);
    }

    private static TokenLog tokens(Sessions sessions, Object kvBuffer) {
        return sessions.bind(kvBuffer).tokens();
    }

    @Test
    void fiveThousandAnswersUnderIdsOfTheirOwnHoldNoMoreThanTheBudget() {
        ClosedIds ids = new ClosedIds(20_050);
        Sessions sessions = new Sessions(ids);
        List<Object> kvBuffers = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            kvBuffers.add(turn(sessions, true));
        }
        long held = 0;
        int known = 0;
        for (Object kvBuffer : kvBuffers) {
            held += tokens(sessions, kvBuffer).room();
            known += tokens(sessions, kvBuffer).size() == TOKENS ? 1 : 0;
        }
        assertThat(known).isEqualTo(KeptSessions.MOST + 200);
        assertThat(held).as("no array is longer than its ids").isEqualTo((long) known * TOKENS);
        assertThat(ids.count()).isEqualTo(20_000);
        assertThat(tokens(sessions, kvBuffers.get(5000 - known)).size()).as("the last are known").isEqualTo(TOKENS);
        assertThat(tokens(sessions, kvBuffers.get(4999 - known)).forgotten()).isEqualTo(TOKENS);
        sessions.kept().dropKept();
    }

    /** Neither silently from nothing, nor with an answer that lacks what was said before. */
    @Test
    void whoComesBackForForgottenIdsIsToldSo() {
        Sessions sessions = new Sessions(new ClosedIds(150));
        Object kvBuffer = turn(sessions, false);
        Binding binding = sessions.bind(kvBuffer);
        sessions.comeBack(binding, TOKENS);
        sessions.close(binding, false);
        turn(sessions, false);
        for (int i = 0; i < 2; i++) {
            assertThatIllegalStateException().isThrownBy(() -> sessions.comeBack(binding, TOKENS))
                    .withMessageContaining("can't go on at position 100: its 100 token ids were forgotten")
                    .withMessageContaining("150").withMessageContaining("use a new session");
            assertThat(binding.forgetFailedStep()).as("the host's position stays what it is").isFalse();
            sessions.close(binding, false);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> binding.pin(0, 2)).withMessageContaining("forgotten");
        sessions.comeBack(binding, 0);
        say(sessions, binding);
        sessions.comeBack(binding, TOKENS);
        assertThat(binding.tokens().size()).isEqualTo(TOKENS);
        sessions.close(binding, false);
        assertThat(sessions.find(kvBuffer)).isSameAs(binding);
    }

    /** The host's own attention needs no ids: there is nothing to tell its user. */
    @Test
    void whatTheHostServesGoesOnWithoutIds() {
        Sessions sessions = new Sessions(new ClosedIds(50));
        Object kvBuffer = new Object();
        Binding binding = sessions.bind(kvBuffer);
        binding.record(0, new int[TOKENS]);
        binding.leaveToHost();
        sessions.close(binding, false);
        assertThat(binding.tokens().room()).isZero();
        sessions.comeBack(binding, TOKENS);
        assertThat(sessions.find(kvBuffer)).isSameAs(binding);
    }

    @Test
    void whatIsOpenOrKeptOrAboutToGoOnIsNotForgotten() {
        ClosedIds ids = new ClosedIds(0);
        Sessions sessions = new Sessions(ids);
        Object kept = turn(sessions, true);
        Object open = turn(sessions, true);
        assertThat(sessions.goOn(sessions.bind(open), TOKENS)).isTrue();
        sessions.comeBack(sessions.bind(open), TOKENS);
        Object coming = turn(sessions, true);
        sessions.comeBack(sessions.bind(coming), TOKENS);
        turn(sessions, false);
        assertThat(tokens(sessions, kept).size()).isEqualTo(TOKENS);
        sessions.kept().dropKept();
        turn(sessions, false);
        assertThat(tokens(sessions, kept).forgotten()).as("its KV is gone").isEqualTo(TOKENS);
        assertThat(tokens(sessions, open).size()).isEqualTo(TOKENS);
        assertThat(tokens(sessions, coming).size()).isEqualTo(TOKENS);
        sessions.close(sessions.bind(open), true);
        sessions.close(sessions.bind(coming), true);
        assertThat(tokens(sessions, open).size()).as("kept again").isEqualTo(TOKENS);
        assertThat(tokens(sessions, coming).forgotten()).as("it never went on").isEqualTo(TOKENS);
        assertThat(ids.count()).isZero();
        sessions.kept().dropKept();
    }

    /** Its first user's ids are his own: they go, the branch goes on with those of the second. */
    @Test
    void whatAnotherOneTookOverIsHis() {
        SessionMode mode = SessionMode.exact(KvFormat.F32);
        ToyChat chat = new ToyChat(mode, KvMemory.unlimited(), true, new Sessions(new ClosedIds(0)));
        Object first = new Object();
        Object second = new Object();
        int[] history = ToyChat.random(1, 300);
        history = ToyChat.join(ToyChat.join(history, chat.generate(first, history, 5)), ToyChat.random(2, 30));
        history = ToyChat.join(history, chat.generate(second, history, 5));
        assertThat(Objects.requireNonNull(chat.sessions.last()).reusedTokens()).isEqualTo(305);
        assertThat(tokens(chat.sessions, first).forgotten()).isEqualTo(305);
        int[] more = ToyChat.random(3, 30);
        assertThat(chat.generate(second, more, 5)).isEqualTo(ToyChat.alone(mode, ToyChat.join(history, more), 5));
        chat.checkTree();
        chat.sessions.kept().dropKept();
        assertThat(tokens(chat.sessions, first).size()).isZero();
    }

    @Test
    void collectedCacheObjectsAreNotCounted() {
        ClosedIds ids = new ClosedIds(1000);
        Sessions sessions = new Sessions(ids);
        Object kvBuffer = turn(sessions, false);
        for (int i = 0; i < 5; i++) {
            turn(sessions, false);
        }
        assertThat(Garbage.collectUntil(() -> ids.count() == TOKENS)).as("collected").isTrue();
        assertThat(tokens(sessions, kvBuffer).size()).isEqualTo(TOKENS);
    }

    /** Its user came back between the end of the session and the moment it was noted here. */
    @Test
    void whoIsOpenAgainKeepsItsIds() {
        ClosedIds ids = new ClosedIds(0);
        Sessions sessions = new Sessions(ids);
        Object kvBuffer = new Object();
        Binding binding = sessions.bind(kvBuffer);
        say(sessions, binding);
        ids.closed(binding, null);
        assertThat(binding.tokens().size()).isEqualTo(TOKENS);
        sessions.close(binding, false);
        assertThat(binding.tokens().size()).as("closed, and there is no budget").isZero();
    }
}
