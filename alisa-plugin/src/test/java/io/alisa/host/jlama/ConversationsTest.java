package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import io.alisa.host.Binding;
import io.alisa.host.ForgetfulSessions;
import io.alisa.host.HostSession;
import io.alisa.host.PrefixRule;
import io.alisa.host.Sessions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A user who comes back when his ids are forgotten: nothing is said that does not follow on what was said before. */
class ConversationsTest {
    private static final int TOKENS = 100;

    private static final class NothingShared implements Conversations.Opener {
        @Override
        public @Nullable PrefixRule rule(AbstractModel model, Binding binding) {
            return null;
        }

        @Override
        public boolean sharesWithOthers() {
            return false;
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
        public boolean keeps(KvBuffer kvBuffer) {
            return false;
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

    @Test
    void whoFeedsTokensHimselfIsLeftWhereHeIs() {
        talked();
        int position = kvBuffer.getCurrentContextPosition();
        conversations.begin(kvBuffer, PromptCaller.OTHER, true);
        assertThat(kvBuffer.getCurrentContextPosition()).isEqualTo(position);
        assertThat(sessions.bind(kvBuffer).pending().takeAsked()).as("nothing was asked").isNegative();
    }
}
