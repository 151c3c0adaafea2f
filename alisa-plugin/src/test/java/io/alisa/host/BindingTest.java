package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BindingTest {
    @Test
    void tokenIdsOutliveTheSession() {
        Binding binding = new Binding();
        binding.tokens().record(0, 1, 2);
        assertThat(binding.endSession()).isNull();
        assertThat(binding.tokens().size()).isEqualTo(2);
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void oneThreadSpeaksAtATime() throws InterruptedException {
        Binding binding = new Binding();
        binding.speak();
        binding.speak(); // the same one may
        binding.silent();
        List<String> said = Collections.synchronizedList(new ArrayList<>());
        Thread other = Thread.ofPlatform().start(() -> {
            binding.speak();
            said.add("other");
            binding.silent();
        });
        Turns.awaitWaiting(other);
        Thread stranger = Thread.ofPlatform().start(binding::silent);
        stranger.join();
        said.add("first");
        binding.silent();
        other.join();
        assertThat(said).containsExactly("first", "other");
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whoWaitsCanBeInterrupted() throws InterruptedException {
        Binding binding = new Binding();
        binding.speak();
        List<Boolean> interrupted = Collections.synchronizedList(new ArrayList<>());
        Thread other = Thread.ofPlatform().start(() -> {
            assertThatIllegalStateException().isThrownBy(binding::speak)
                    .withMessageContaining("another one still generates under the same session id");
            interrupted.add(Thread.currentThread().isInterrupted());
            assertThat(binding.takeAsked()).as("its prompt").isFalse();
            binding.silent();
        });
        Turns.awaitWaiting(other);
        other.interrupt();
        other.join();
        assertThat(interrupted).as("for who called generate to see").containsExactly(true);
        assertThat(binding.takeAsked()).as("it is still the first one's turn").isTrue();
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aThreadThatEndedSpeaksNoMore() throws InterruptedException {
        Binding binding = new Binding();
        Thread first = Thread.ofPlatform().start(() -> {
            binding.speak();
            binding.speak();
        });
        first.join();
        binding.speak();
        assertThat(binding.takeAsked()).isTrue();
        binding.silent(); // for itself only
        Thread other = Thread.ofPlatform().start(() -> {
            binding.speak();
            binding.silent();
        });
        other.join();
    }

    /** It ends while others wait. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void nobodyWaitsForAThreadThatEnds() throws InterruptedException {
        Binding binding = new Binding();
        CountDownLatch ends = new CountDownLatch(1);
        CountDownLatch spoke = new CountDownLatch(1);
        Thread first = Thread.ofPlatform().start(() -> {
            binding.speak();
            spoke.countDown();
            assertThatCode(ends::await).doesNotThrowAnyException();
        });
        spoke.await();
        Thread other = Thread.ofPlatform().start(binding::speak);
        Turns.awaitWaiting(other);
        ends.countDown();
        first.join();
        other.join();
    }

    @Test
    void staysTheHostsOnceItIs() {
        Binding binding = new Binding();
        assertThat(binding.isHostsOwn()).isFalse();
        binding.leaveToHost();
        assertThat(binding.isHostsOwn()).isTrue();
    }

    /** Its ids are recorded before it is known whose it is; called a failure, the host's position would be set back. */
    @Test
    void aStepThatIsLeftToTheHostDidNotFail() {
        Binding binding = new Binding();
        binding.record(0, 1, 2, 3);
        binding.leaveToHost();
        assertThat(binding.forgetFailedStep()).isFalse();
        binding.record(3, 4);
        assertThat(binding.forgetFailedStep()).isFalse();
        assertThat(binding.tokens().first(4)).containsExactly(1, 2, 3, 4);
    }
}
