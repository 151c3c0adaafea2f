package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import io.alisa.attention.ScalarKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.host.Binding;
import io.alisa.host.ForgetfulSessions;
import io.alisa.host.HostSession;
import io.alisa.host.ModelShape;
import io.alisa.host.PrefixRule;
import io.alisa.host.PrefixScope;
import io.alisa.host.SessionMode;
import io.alisa.host.Sessions;
import io.alisa.host.Turns;
import io.alisa.parallel.WorkerTeam;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A user who comes back when his ids are forgotten: nothing is said that does not follow on what was said before. */
class ConversationsTest {
    private static final int TOKENS = 100;
    private static final ModelShape SHAPE = new ModelShape("TINY", 2, 256, 64, 0, 2, 2, 0, 4, 16, KvFormat.F32, 0.25f,
            0,
            128);

    private static final class NothingShared implements Conversations.Opener {
        @Override
        public @Nullable PrefixRule rule(AbstractModel model, Binding binding) {
            return null;
        }

        @Override
        public PrefixScope scope() {
            return PrefixScope.OFF;
        }

        @Override
        public @Nullable HostSession fork(AbstractModel model, HostSession parent, int tokens) {
            return null;
        }

        @Override
        public void pin(Binding binding, AbstractModel model, int start, int... prompt) {
            // nothing
        }

        @Override
        public boolean mayComeBack(KvBuffer kvBuffer) {
            return true;
        }
    }

    private final Sessions sessions = ForgetfulSessions.of(150);
    private final Conversations conversations = new Conversations(sessions, new NothingShared());
    private final AbstractModel model = new EmptyModel();
    private final KvBufferCache cache = new KvBufferCache(model);
    private final KvBuffer kvBuffer = talked();

    /** One that is closed, and whose KV is gone. */
    private KvBuffer talked() {
        KvBuffer made = cache.getKvBuffer(UUID.randomUUID());
        Binding binding = sessions.bind(made);
        binding.tokens().record(0, new int[TOKENS]);
        made.setCurrentContextPosition(TOKENS);
        conversations.closed(made);
        return made;
    }

    private void isTold(ThrowingCallable comingBack) {
        for (int i = 0; i < 2; i++) {
            assertThatIllegalStateException().isThrownBy(comingBack)
                    .withMessageContaining("its 100 token ids were forgotten");
            conversations.closed(kvBuffer);
            assertThat(kvBuffer.getCurrentContextPosition()).as("not back to the beginning").isEqualTo(TOKENS);
        }
    }

    private @Nullable Object prompt(int start) {
        return conversations.prompt(model, new int[]{1, 2, 3}, start, kvBuffer, Optional.empty());
    }

    @Test
    void whateverGoesOnIsToldThatItCannot() {
        talked();
        isTold(() -> prompt(TOKENS));
        isTold(() -> conversations.token(model, 1, TOKENS, kvBuffer, Optional.empty()));
        isTold(() -> {
            conversations.begin(kvBuffer, PromptCaller.GENERATE, false);
            prompt(TOKENS);
        });
    }

    /** Whatever becomes of a step that got so far: the next prompt is not taken for the first. */
    @Test
    void aStepThatFailsBehindForgottenIdsDoesNotBeginAnew() {
        talked();
        sessions.bind(kvBuffer).record(TOKENS, 1);
        isTold(() -> {
            conversations.closed(kvBuffer);
            prompt(TOKENS);
        });
    }

    @Test
    void whoAskedBeforeIsToldToo() {
        conversations.begin(kvBuffer, PromptCaller.GENERATE, false);
        talked();
        isTold(() -> prompt(TOKENS));
    }

    @Test
    void whoIsAtItKeepsHisIds() {
        conversations.begin(kvBuffer, PromptCaller.GENERATE, false);
        prompt(0);
        talked();
        talked();
        assertThat(sessions.bind(kvBuffer).tokens().first(3)).containsExactly(1, 2, 3);
    }

    @Test
    void aWholeConversationBeginsAnew() {
        talked();
        conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
        assertThat(kvBuffer.getCurrentContextPosition()).isZero();
        assertThat(prompt(0)).as("for the host to compute").isNull();
        assertThat(sessions.bind(kvBuffer).tokens().size()).isEqualTo(3);
    }

    @Test
    void aTextOfItsOwnBeginsAnewToo() {
        talked();
        conversations.begin(kvBuffer, PromptCaller.GENERATE_ALONE, false);
        assertThat(kvBuffer.getCurrentContextPosition()).isZero();
    }

    /** Its one id is that of all its users: what it had may be another one's. */
    @Test
    void aClientWithOneIdForAllLeavesNothingToTheNextWhereNothingIsShared() {
        for (PromptCaller caller : List.of(PromptCaller.GENERATE, PromptCaller.GENERATE_ALONE)) {
            Binding binding = sessions.bind(kvBuffer);
            binding.record(0, 1, 2, 3);
            compute(binding, 3);
            sessions.close(binding, true);
            conversations.begin(kvBuffer, caller, true);
            assertThat(sessions.kept().count()).isEqualTo(caller == PromptCaller.GENERATE ? 1 : 0);
            prompt(0);
            assertThat(sessions.kept().count()).as("nobody else may have it").isZero();
            conversations.closed(kvBuffer);
        }
    }

    private HostSession open(Binding binding) {
        HostSession session = new HostSession(SHAPE, SessionMode.exact(KvFormat.F32), KvMemory.unlimited(),
                new ScalarKernels(), WorkerTeam.shared());
        sessions.open(binding, model, session);
        return session;
    }

    /** What the layers do with a first prompt. */
    private void compute(Binding binding, int tokens) {
        HostSession session = open(binding);
        session.kv().layer(0).resize(tokens);
        session.stepDone(tokens, tokens);
    }

    /** Behind the last layer's attention the host may fail yet: whoever tries again must not say his prompt twice. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPromptStaysThatWasAnswered(boolean answered) {
        Binding binding = sessions.bind(kvBuffer);
        conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
        assertThat(prompt(0)).as("for the host to compute").isNull();
        compute(binding, 3);
        if (answered) {
            conversations.sampled(7);
        }
        conversations.closed(kvBuffer);
        assertThat(binding.tokens().size()).isEqualTo(answered ? 3 : 0);
        assertThat(kvBuffer.getCurrentContextPosition()).as("the mark is not counted").isEqualTo(answered ? 3 : 0);
    }

    /** Else the next prompt would be taken for one that does not follow on what was said. */
    @Test
    void theHostKnowsWhereItGoesOnThoughClosingFails() {
        Binding binding = sessions.bind(kvBuffer);
        conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
        prompt(0);
        sessions.open(binding, model, new HostSession(SHAPE, SessionMode.exact(KvFormat.F32), KvMemory.unlimited(),
                new ScalarKernels(), WorkerTeam.shared()) {
            @Override
            public void rest() {
                throw new IllegalStateException("No luck");
            }
        });
        Objects.requireNonNull(binding.session()).stepDone(3, 3);
        kvBuffer.setCurrentContextPosition(3); // as the host does after a prompt
        assertThatIllegalStateException().isThrownBy(() -> conversations.closed(kvBuffer)).withMessage("No luck");
        assertThat(kvBuffer.getCurrentContextPosition()).as("nothing was answered").isZero();
    }

    /** Its token was handed out already: it belongs to the reply. */
    @Test
    void aDecodeStepThatFailsBehindTheLayersTakesNothingBack() {
        Binding binding = sessions.bind(kvBuffer);
        conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
        prompt(0);
        compute(binding, 3);
        conversations.sampled(7);
        conversations.token(model, 7, 3, kvBuffer, Optional.empty());
        HostSession session = Objects.requireNonNull(binding.session());
        session.kv().layer(0).resize(4);
        session.stepDone(4, 1);
        conversations.closed(kvBuffer);
        assertThat(binding.tokens().first(4)).containsExactly(1, 2, 3, 7);
    }

    @Test
    void whoFeedsTokensHimselfIsLeftWhereHeIs() {
        talked();
        int position = kvBuffer.getCurrentContextPosition();
        conversations.begin(kvBuffer, PromptCaller.OTHER, true);
        assertThat(kvBuffer.getCurrentContextPosition()).isEqualTo(position);
        assertThat(sessions.bind(kvBuffer).takeAsked()).as("nothing was asked").isFalse();
    }

    /** Its last token may come alone: it is not decoded all the same. */
    @Test
    void aPromptBehindWhatIsComputedAgainEndsWhereItEnds() {
        Binding binding = sessions.bind(kvBuffer);
        binding.tokens().record(0, 1, 2, 3);
        List<Integer> computedFrom = new ArrayList<>();
        AbstractModel woven = new EmptyModel() {
            @Override
            @SuppressWarnings("rawtypes")
            public AbstractTensor batchForward(int[] tokens, int start, KvBuffer buffer,
                    Optional<Consumer<List<AbstractTensor>>> reducer) {
                conversations.prompt(this, tokens, start, buffer, reducer);
                computedFrom.add(start);
                return new FloatBufferTensor(1, 1);
            }
        };
        conversations.prompt(woven, new int[]{4, 5}, 3, kvBuffer, Optional.empty());
        assertThat(computedFrom).as("what was known before").containsExactly(0);
        assertThat(binding.promptEnd()).isEqualTo(5);
        conversations.token(woven, 6, 5, kvBuffer, Optional.empty());
        assertThat(binding.promptEnd()).as("of what is decoded").isLessThanOrEqualTo(5);
    }

    /** A waiting thread must not wait a whole reply to be told that it asked too early. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void threadsThatGenerateUnderOneIdTakeTurns() throws InterruptedException {
        conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
        prompt(0);
        List<Integer> begins = Collections.synchronizedList(new ArrayList<>());
        List<Thread> others = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            others.add(Thread.ofPlatform().start(() -> {
                conversations.begin(kvBuffer, PromptCaller.GENERATE, false);
                int begin = kvBuffer.getCurrentContextPosition();
                begins.add(begin);
                assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> prompt(begin));
                reply();
            }));
        }
        for (Thread other : others) {
            Turns.awaitWaiting(other);
        }
        reply();
        for (Thread other : others) {
            other.join();
        }
        // The mark, with which a prompt begins, comes once; the host counts it each time.
        assertThat(begins).as("each behind the prompt before it").isEqualTo(List.of(2, 4, 6));
    }

    /** The host closes the cache object for whom it did not generate, too. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whoStopsWaitingLeavesTheReplyOfTheOtherAlone() throws InterruptedException {
        conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
        Binding binding = sessions.bind(kvBuffer);
        binding.record(0, 1, 2, 3);
        HostSession session = open(binding);
        List<String> failures = Collections.synchronizedList(new ArrayList<>());
        Thread other = Thread.ofPlatform().start(() -> {
            try {
                conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
            } catch (IllegalStateException e) {
                failures.add(String.valueOf(e.getMessage()));
                conversations.closed(kvBuffer);
            }
        });
        Turns.awaitWaiting(other);
        other.interrupt();
        other.join();
        assertThat(failures).singleElement().asString().contains("interrupted while it waited");
        assertThat(binding.session()).as("in the midst of a reply").isSameAs(session);
        assertThat(binding.tokens().size()).isEqualTo(3);
        conversations.closed(kvBuffer);
        assertThat(binding.session()).isNull();
        conversations.begin(kvBuffer, PromptCaller.GENERATE, false); // nobody is waited for
        conversations.closed(kvBuffer);
    }

    /** Whoever asked in vain and asks again. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void theTurnThatIsHadAtLastEnds() throws InterruptedException {
        Binding binding = sessions.bind(kvBuffer);
        CountDownLatch spoke = new CountDownLatch(1);
        CountDownLatch ends = new CountDownLatch(1);
        Thread first = Thread.ofPlatform().start(() -> {
            binding.speak();
            spoke.countDown();
            assertThatCode(ends::await).doesNotThrowAnyException();
            binding.silent();
        });
        spoke.await();
        Thread.currentThread().interrupt();
        assertThatIllegalStateException().isThrownBy(() -> conversations.begin(kvBuffer, PromptCaller.GENERATE, true));
        assertThat(Thread.interrupted()).isTrue();
        ends.countDown();
        first.join();
        conversations.begin(kvBuffer, PromptCaller.GENERATE, true);
        conversations.closed(kvBuffer);
        Thread last = Thread.ofPlatform().start(binding::speak);
        last.join();
    }

    /** One step, which fails for want of a session; the prompt stays known. */
    private void reply() {
        Binding binding = sessions.bind(kvBuffer);
        binding.recordOne(binding.tokens().size(), 4);
        conversations.closed(kvBuffer);
    }
}
