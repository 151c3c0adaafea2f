package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.alisa.attention.ScalarKernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.parallel.WorkerTeam;
import io.alisa.sparse.Budget;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is kept of closed sessions, who goes on with it, and who gives way. */
class KeptSessionsTest {
    private static final long MIB = 1 << 20;

    /** The modes a session can have. */
    enum Mode {
        EXACT(SessionMode.exact(KvFormat.F32)),
        /** Exact, where a token is the same in every batch. */
        TO_THE_TOKEN(SessionMode.exact(KvFormat.F32)),
        INT8(new SessionMode(KvFormat.INT8, false, null, new Budget(1, 0))),
        SPARSE(new SessionMode(KvFormat.INT8, false, "swa", new Budget(0.3, 64)));

        @SuppressWarnings("ImmutableEnumChecker") // records of constants
        final SessionMode mode;

        Mode(SessionMode mode) {
            this.mode = mode;
        }

        ToyChat chat(KvMemory memory) {
            return new ToyChat(mode, memory, this == TO_THE_TOKEN);
        }
    }

    private final MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
    private final MemoryBudget slow = new MemoryBudget(Long.MAX_VALUE);
    private final KvMemory memory = new KvMemory(fast, slow, () -> new MemoryFile((call, bytes) -> {
    }));

    private static long tokens(ToyChat chat, Object kvBuffer) {
        return Objects.requireNonNull(chat.sessions.bind(kvBuffer).branch()).session().tokens();
    }

    private static long reused(ToyChat chat) {
        return Objects.requireNonNull(chat.sessions.last()).reusedTokens();
    }

    private void checkNothingIsLeft(ToyChat chat) {
        chat.checkTree();
        chat.sessions.kept().dropKept();
        assertThat(chat.branches()).isEmpty();
        assertThat(fast.reserved()).as("RAM left over").isZero();
        assertThat(slow.reserved()).as("files left over").isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aClosedSessionGoesOnWhereItEnded(Mode mode) {
        ToyChat chat = mode.chat(memory);
        Object kvBuffer = new Object();
        int[] all = {};
        HostSession first = null;
        for (int turn = 0; turn < 5; turn++) {
            int[] said = ToyChat.random(turn, 30 + 70 * turn);
            int[] reply = chat.generate(kvBuffer, said, 9);
            all = ToyChat.join(all, said);
            if (mode != Mode.SPARSE) { // there a prefill would see what decoding did not
                assertThat(reply).as("turn %s", turn).isEqualTo(ToyChat.alone(mode.mode, all, 9));
            }
            all = ToyChat.join(all, reply);
            assertThat(tokens(chat, kvBuffer)).isEqualTo(all.length);
            Branch branch = Objects.requireNonNull(chat.sessions.bind(kvBuffer).branch());
            first = first == null ? branch.session() : first;
            assertThat(branch.session()).as("nothing is computed again").isSameAs(first);
            assertThat(branch.state).isEqualTo(Branch.State.KEPT);
            assertThat(chat.sessions.reports()).isEmpty();
        }
        checkNothingIsLeft(chat);
    }

    /** Nothing proves that what is in a file is what the model makes of the ids beside it. */
    @ParameterizedTest
    @EnumSource
    void whatComesFromAFileIsForNobodyElse(Mode mode, @TempDir Path directory) throws IOException {
        ToyChat chat = mode.chat(memory);
        Object first = new Object();
        int[] prompt = ToyChat.random(1, 600);
        int[] all = ToyChat.join(prompt, chat.generate(first, prompt, 5));
        Path file = directory.resolve("saved");
        assertThat(chat.saveAndRestore(first, file)).isNotNull();
        chat.sessions.kept().dropKept();
        UUID waiting = chat.restoreOnly(file);
        HostSession read = chat.branches().getFirst().session();
        checkIsAlone(chat, mode, ToyChat.join(all, ToyChat.random(2, 300)));
        checkIsAlone(chat, mode, ToyChat.join(Arrays.copyOf(prompt, 580), ToyChat.random(2, 300)));
        Object back = chat.adopt(waiting);
        assertThat(chat.sessions.bind(back).mode()).isEqualTo(mode.mode);
        int[] more = ToyChat.random(3, 20);
        int[] said = chat.generate(back, more, 5);
        assertThat(chat.sessions.bind(back).held()).as("its user goes on with it").isSameAs(read);
        all = ToyChat.join(all, more);
        if (mode != Mode.SPARSE) { // there a prefill would see what decoding did not
            assertThat(said).isEqualTo(ToyChat.alone(mode.mode, all, 5));
        }
        checkIsAlone(chat, mode, ToyChat.join(ToyChat.join(all, said), ToyChat.random(4, 20)));
        checkNothingIsLeft(chat);
    }

    /** Says it under a new id, and takes back what that left for others. */
    private static void checkIsAlone(ToyChat chat, Mode mode, int... prompt) {
        Object kvBuffer = new Object();
        assertThat(chat.generate(kvBuffer, prompt, 5, false)).isEqualTo(ToyChat.alone(mode.mode, prompt, 5));
        chat.sessions.close(chat.sessions.bind(kvBuffer), false);
        assertThat(reused(chat)).isZero();
    }

    /** Of a chat whose first file gives back something else than was written. */
    private ToyChat withBadFile() {
        AtomicInteger files = new AtomicInteger();
        return Mode.INT8.chat(new KvMemory(fast, slow, () -> {
            boolean bad = files.getAndIncrement() == 0;
            return new MemoryFile((call, bytes) -> {
                if (bad && call.equals("read")) {
                    bytes[0] ^= 4;
                }
            });
        }));
    }

    private static void toFile(ToyChat chat, Object kvBuffer) {
        HostSession held = Objects.requireNonNull(chat.sessions.bind(kvBuffer).held());
        held.kv().giveBack(Long.MAX_VALUE / 2);
        assertThat(held.kv().demotedBlocks()).isPositive();
    }

    private static void failsForGood(ToyChat chat, Object kvBuffer, int... said) {
        assertThatThrownBy(() -> chat.generate(kvBuffer, said, 5)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("can't be recomputed");
    }

    /** Else each turn would fail as the first one did. */
    @Test
    void aDamagedSessionIsNotGoneOnWith() {
        ToyChat chat = withBadFile();
        Object kvBuffer = new Object();
        int[] first = ToyChat.random(1, 600);
        int[] all = ToyChat.join(first, chat.generate(kvBuffer, first, 5));
        toFile(chat, kvBuffer);
        int[] more = ToyChat.random(2, 50);
        failsForGood(chat, kvBuffer, more);
        assertThat(chat.branches()).isEmpty();
        assertThat(chat.generate(kvBuffer, more, 5))
                .isEqualTo(ToyChat.alone(Mode.INT8.mode, ToyChat.join(all, more), 5));
        checkNothingIsLeft(chat);
    }

    /** Whoever shares a damaged block says so to those that come after it. */
    @Test
    void nothingIsSharedFromADamagedBlockOn() {
        ToyChat chat = withBadFile();
        Object parent = new Object();
        int[] common = ToyChat.random(1, 600);
        chat.generate(parent, common, 5, false);
        toFile(chat, parent);
        int[] prompt = ToyChat.join(common, ToyChat.random(2, 300));
        Object child = new Object();
        failsForGood(chat, child, prompt);
        assertThat(chat.branches()).as("the child is gone").hasSize(1);
        assertThat(chat.generate(child, prompt, 5)).isEqualTo(ToyChat.alone(Mode.INT8.mode, prompt, 5));
        assertThat(reused(chat)).isZero();
        chat.sessions.close(chat.sessions.bind(parent), true);
        failsForGood(chat, parent, ToyChat.random(3, 20)); // it finds out itself, for it might have its ids
        checkNothingIsLeft(chat);
    }

    @Test
    void closingAgainForgetsNothing() {
        ToyChat chat = Mode.EXACT.chat(memory);
        Object kvBuffer = new Object();
        chat.generate(kvBuffer, ToyChat.random(1, 600), 5);
        HostSession held = chat.sessions.bind(kvBuffer).held();
        assertThat(held).isNotNull();
        chat.sessions.close(chat.sessions.bind(kvBuffer), true);
        assertThat(chat.sessions.bind(kvBuffer).held()).isSameAs(held);
        checkNothingIsLeft(chat);
    }

    @Test
    void pinsAreTheUsersOwn(@TempDir Path directory) throws IOException {
        ToyChat chat = Mode.SPARSE.chat(memory);
        Object first = new Object();
        int[] prompt = ToyChat.random(1, 600);
        int[] reply = chat.generate(first, prompt, 5);
        chat.sessions.bind(first).pin(100, 130); // it is closed
        Object restored = Objects.requireNonNull(chat.saveAndRestore(first, directory.resolve("saved")));
        chat.generate(restored, ToyChat.random(2, 20), 5, false);
        assertThat(pinned(chat, restored)).isEqualTo(30);
        chat.sessions.close(chat.sessions.bind(restored), false);
        Object other = new Object();
        chat.generate(other, ToyChat.join(ToyChat.join(prompt, reply), ToyChat.random(3, 20)), 5, false);
        assertThat(pinned(chat, other)).as("of another user").isZero();
        chat.sessions.close(chat.sessions.bind(other), true);
        checkNothingIsLeft(chat);
    }

    private static int pinned(ToyChat chat, Object kvBuffer) {
        return Objects.requireNonNull(chat.sessions.bind(kvBuffer).session()).kv().pinned().count(600);
    }

    /** What it shares is its parent's: that must stay as long as somebody reads it. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aParentStaysUntilItsChildIsClosed() throws InterruptedException {
        ToyChat chat = Mode.INT8.chat(memory);
        int[] prompt = ToyChat.random(1, 600);
        chat.generate(new Object(), prompt, 5);
        HostSession parent = chat.branches().getFirst().session();
        Object kvBuffer = new Object();
        chat.generate(kvBuffer, ToyChat.join(Arrays.copyOf(prompt, 580), ToyChat.random(2, 30)), 5, false);
        HostSession child = Objects.requireNonNull(chat.sessions.bind(kvBuffer).session());
        Thread closer = Thread.ofPlatform().unstarted(() -> chat.sessions.close(chat.sessions.bind(kvBuffer), false));
        child.kv().lock().lock(); // as one does who saves it
        try {
            closer.start();
            while (!child.kv().lock().hasQueuedThread(closer)) {
                Thread.onSpinWait();
            }
            chat.sessions.kept().dropKept();
            assertThat(parent.kv().isClosed()).isFalse();
        } finally {
            child.kv().lock().unlock();
        }
        closer.join();
        assertThat(child.kv().isClosed()).isTrue();
        checkNothingIsLeft(chat);
    }

    /** As chat clients do it: the whole history under a new id. */
    @ParameterizedTest
    @EnumSource
    void theNextTurnOfAConversationTakesItsSessionOver(Mode mode) {
        ToyChat chat = mode.chat(memory);
        int[] history = {};
        for (int turn = 0; turn < 5; turn++) {
            history = ToyChat.join(history, ToyChat.random(turn, 300));
            int[] reply = chat.generate(new Object(), history, 9);
            assertThat(reply).as("turn %s", turn).isEqualTo(ToyChat.alone(mode.mode, history, 9));
            assertThat(chat.branches()).as("one conversation").hasSize(1);
            history = ToyChat.join(history, reply);
        }
        // Whole batches of earlier prompts, all tokens, whole blocks; behind the first sparse step only prompts count.
        assertThat(reused(chat)).isEqualTo(switch (mode) {
            case EXACT -> 256 + 512 + 768 + 1024;
            case TO_THE_TOKEN -> 309 + 618 + 927 + 1236; // all that was fed
            case INT8 -> 256 + 576 + 896 + 1216;
            case SPARSE -> reused(chat);
        });
        assertThat(reused(chat)).isPositive();
        checkNothingIsLeft(chat);
    }

    /** Clients that tell the whole conversation under the same id, where no session may have what another one has. */
    @ParameterizedTest
    @EnumSource
    void aSessionMayAlwaysHaveWhatItHadItself(Mode mode) {
        ToyChat chat = mode.chat(memory);
        chat.shares = false;
        Object kvBuffer = new Object();
        int[] history = {};
        for (int turn = 0; turn < 4; turn++) {
            history = ToyChat.join(history, ToyChat.random(turn, 300));
            if (turn == 3) {
                history[590]++; // an edit: nobody else can have what was said behind it
            }
            int[] reply = chat.tellWhole(kvBuffer, history, 9);
            assertThat(reply).as("turn %s", turn).isEqualTo(ToyChat.alone(mode.mode, history, 9));
            assertThat(reused(chat) > 0).as("turn %s", turn).isEqualTo(turn > 0);
            assertThat(chat.branches()).as("one conversation").hasSize(1);
            history = ToyChat.join(history, reply);
        }
        Object other = new Object();
        chat.generate(other, history, 3, false);
        chat.sessions.close(chat.sessions.bind(other), false);
        assertThat(reused(chat)).as("of another session").isZero();
        chat.tellWhole(kvBuffer, ToyChat.random(9, 300), 3);
        assertThat(reused(chat)).as("another conversation").isZero();
        assertThat(chat.sessions.kept().count()).as("what was left is of no use to anybody").isEqualTo(1);
        chat.shares = true;
        checkNothingIsLeft(chat);
    }

    /** The host has not asked for it: it is known by the id that restore returned, and nothing else. */
    @Test
    void whatWaitsForItsUserCanBePinnedAndSaved(@TempDir Path directory) throws IOException {
        ToyChat chat = Mode.SPARSE.chat(memory);
        Object first = new Object();
        chat.generate(first, ToyChat.random(1, 600), 5);
        Path file = directory.resolve("saved");
        assertThat(chat.save(chat.sessions.bind(first), file)).isTrue();
        UUID waiting = chat.restoreOnly(file);
        Binding binding = chat.sessions.find(waiting).getFirst();
        Path again = directory.resolve("again");
        assertThat(chat.save(binding, again)).isTrue();
        assertThat(again).as("the same tokens and the same KV").hasSameBinaryContentAs(file);
        binding.pin(100, 130);
        assertThat(chat.save(binding, again)).isTrue();
        Object back = Objects.requireNonNull(chat.restore(again));
        chat.generate(back, ToyChat.random(2, 20), 5, false);
        assertThat(pinned(chat, back)).isEqualTo(30);
        chat.sessions.close(chat.sessions.bind(back), false);
        Object user = chat.adopt(waiting);
        assertThat(chat.sessions.bind(user)).isSameAs(binding);
        assertThat(chat.sessions.find(waiting)).as("once").containsExactly(binding);
        chat.generate(user, ToyChat.random(2, 20), 5, false);
        assertThat(pinned(chat, user)).isEqualTo(30);
        chat.sessions.close(binding, false);
        checkNothingIsLeft(chat);
    }

    /** Whoever restores and never asks for it must not fill the heap with ids. */
    @Test
    void whatWaitsForTooLongIsForgottenAndThatIsRemembered(@TempDir Path directory) throws IOException {
        ToyChat chat = new ToyChat(Mode.EXACT.mode, memory, false, ForgetfulSessions.of(150));
        Object first = new Object();
        chat.generate(first, ToyChat.random(1, 95), 5);
        Path file = directory.resolve("saved");
        assertThat(chat.save(chat.sessions.bind(first), file)).isTrue();
        List<UUID> waiting = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            waiting.add(chat.restoreOnly(file));
            chat.sessions.kept().dropKept();
        }
        Object last = chat.adopt(waiting.get(2));
        assertThat(chat.sessions.bind(last).tokens().size()).isEqualTo(100);
        Binding oldest = chat.sessions.bind(chat.adopt(waiting.get(0)));
        assertThat(oldest.next()).as("not the first prompt").isEqualTo(100);
        assertThatThrownBy(() -> chat.sessions.comeBack(oldest, 100))
                .hasMessageContaining("100 token ids were forgotten");
        checkNothingIsLeft(chat);
    }

    /** What was read from a file is its user's, however he goes on with it. */
    @Test
    void whoRestoredASessionMayTellItFromItsBeginning(@TempDir Path directory) throws IOException {
        ToyChat chat = Mode.INT8.chat(memory);
        Object first = new Object();
        int[] prompt = ToyChat.random(1, 600);
        int[] all = ToyChat.join(prompt, chat.generate(first, prompt, 5));
        Path file = directory.resolve("saved");
        assertThat(chat.saveAndRestore(first, file)).isNotNull();
        chat.sessions.kept().dropKept();
        Object back = Objects.requireNonNull(chat.restore(file));
        long before = Objects.requireNonNull(chat.sessions.bind(back).held()).report().reusedTokens();
        all = ToyChat.join(all, ToyChat.random(3, 20));
        assertThat(chat.tellWhole(back, all, 5)).isEqualTo(ToyChat.alone(Mode.INT8.mode, all, 5));
        assertThat(reused(chat) - before).isEqualTo(576);
        assertThat(chat.branches()).hasSize(1);
        checkNothingIsLeft(chat);
    }

    @ParameterizedTest
    @EnumSource
    void anotherConversationSharesTheBeginning(Mode mode) {
        ToyChat chat = mode.chat(memory);
        int[] system = ToyChat.random(1, 600);
        List<Object> kvBuffers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int[] prompt = ToyChat.join(system, ToyChat.random(50 + i, 70 + i));
            Object kvBuffer = new Object();
            kvBuffers.add(kvBuffer);
            assertThat(chat.generate(kvBuffer, prompt, 12, i % 2 == 0)).isEqualTo(ToyChat.alone(mode.mode, prompt, 12));
            chat.checkTree();
        }
        assertThat(chat.branches()).hasSize(4);
        Branch root = chat.branches().getFirst();
        assertThat(root.children).hasSize(3);
        assertThat(root.children).allMatch(child -> child.from == (mode == Mode.EXACT ? 512 : 576));
        kvBuffers.forEach(kvBuffer -> chat.sessions.close(chat.sessions.bind(kvBuffer), true));
        checkNothingIsLeft(chat);
    }

    /** Who never comes back is forgotten, whoever else begins as he did: but for what they share. */
    @ParameterizedTest
    @EnumSource
    void whatIsOldGoesButForWhatOthersShare(Mode mode) {
        ToyChat chat = mode.chat(memory);
        int[] beginning = ToyChat.random(1, 600);
        int[] secret = ToyChat.join(beginning, ToyChat.random(2, 900));
        Object child = new Object();
        chat.generate(new Object(), secret, 3);
        chat.generate(child, ToyChat.join(beginning, ToyChat.random(3, 30)), 3, false);
        Branch old = chat.branches().getFirst();
        chat.sessions.kept().dropOld();
        assertThat(old.done()).as("not old yet").isEqualTo(1503);
        old.idleSince -= TimeUnit.MINUTES.toNanos(31);
        chat.sessions.kept().dropOld();
        assertThat(old.done()).as("the beginning").isEqualTo(mode == Mode.EXACT ? 512 : 576);
        chat.checkTree();
        Object other = new Object();
        assertThat(chat.generate(other, secret, 3, false)).isEqualTo(ToyChat.alone(mode.mode, secret, 3));
        assertThat(reused(chat)).isLessThanOrEqualTo(old.done());
        chat.sessions.close(chat.sessions.bind(other), false);
        chat.sessions.close(chat.sessions.bind(child), false);
        assertThat(chat.branches()).containsExactly(old);
        chat.sessions.kept().dropOld();
        assertThat(chat.branches()).isEmpty();
        checkNothingIsLeft(chat);
    }

    /** A shared beginning is read by others: who goes back into it gets a session of its own. */
    @ParameterizedTest
    @EnumSource
    void goingBackIntoWhatOthersShareLeavesItToThem(Mode mode) {
        ToyChat chat = mode.chat(memory);
        int[] prompt = ToyChat.random(1, 600);
        Object first = new Object();
        Object second = new Object();
        chat.generate(first, prompt, 5, false);
        int[] longer = ToyChat.join(prompt, ToyChat.random(2, 40));
        chat.generate(second, longer, 5, false);
        HostSession shared = Objects.requireNonNull(chat.sessions.bind(first).session());
        assertThatThrownBy(() -> shared.kv().layer(0).resize(100, 101)).hasMessageContaining("shared with another");
        assertThat(chat.sessions.goOn(chat.sessions.bind(first), 100)).isFalse();
        assertThat(chat.sessions.bind(first).session()).isNull();
        assertThat(shared.kv().isClosed()).isFalse();
        int[] more = ToyChat.random(3, 20);
        int[] all = ToyChat.join(chat.sessions.bind(second).tokens().first(645), more);
        if (mode != Mode.SPARSE) {
            assertThat(chat.generate(second, more, 5)).isEqualTo(ToyChat.alone(mode.mode, all, 5));
        }
        chat.sessions.close(chat.sessions.bind(second), true);
        checkNothingIsLeft(chat);
    }

    @Test
    void exactSessionsGiveWayAtOnceTheOldestFirst() {
        ToyChat chat = new ToyChat(Mode.EXACT.mode, memory);
        List<Object> kvBuffers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            kvBuffers.add(new Object());
            chat.generate(kvBuffers.get(i), ToyChat.random(i, 500), 3);
        }
        long held = fast.reserved();
        fast.setCap(held);
        assertThat(fast.free()).as("what is kept counts as free").isEqualTo(held);
        int[] prompt = ToyChat.random(9, 300);
        assertThat(chat.generate(new Object(), prompt, 3)).isEqualTo(ToyChat.alone(Mode.EXACT.mode, prompt, 3));
        assertThat(fast.reserved()).isLessThanOrEqualTo(held);
        assertThat(chat.sessions.bind(kvBuffers.get(0)).branch()).isNotNull()
                .extracting(branch -> branch.state).isEqualTo(Branch.State.GONE);
        assertThat(chat.sessions.bind(kvBuffers.get(2)).branch()).isNotNull()
                .extracting(branch -> branch.state).isEqualTo(Branch.State.KEPT);
        // What was evicted is computed again from its ids.
        int[] more = ToyChat.random(10, 20);
        int[] all = ToyChat.join(chat.sessions.bind(kvBuffers.get(0)).tokens().first(503), more);
        assertThat(chat.generate(kvBuffers.get(0), more, 3)).isEqualTo(ToyChat.alone(Mode.EXACT.mode, all, 3));
        checkNothingIsLeft(chat);
    }

    @Test
    void roundedSessionsGoToTheFileFirst() {
        ToyChat chat = new ToyChat(Mode.INT8.mode, memory);
        List<Object> kvBuffers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            kvBuffers.add(new Object());
            chat.generate(kvBuffers.get(i), ToyChat.random(i, 3000), 3);
        }
        fast.setCap(fast.reserved() + MIB); // what is fixed per session is no more than that
        int[] prompt = ToyChat.random(9, 3000);
        assertThat(chat.generate(new Object(), prompt, 3)).isEqualTo(ToyChat.alone(Mode.INT8.mode, prompt, 3));
        assertThat(slow.reserved()).as("moved to files").isPositive();
        assertThat(chat.branches()).as("nothing was evicted").hasSize(4);
        assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        for (int i = 0; i < 3; i++) {
            int[] more = ToyChat.random(20 + i, 50);
            int[] all = ToyChat.join(chat.sessions.bind(kvBuffers.get(i)).tokens().first(3003), more);
            assertThat(chat.generate(kvBuffers.get(i), more, 3)).isEqualTo(ToyChat.alone(Mode.INT8.mode, all, 3));
        }
        checkNothingIsLeft(chat);
    }

    @Test
    void keptFilesGiveWayToo() {
        ToyChat chat = new ToyChat(Mode.INT8.mode, memory);
        Object old = new Object();
        chat.generate(old, ToyChat.random(1, 3000), 3);
        HostSession session = Objects.requireNonNull(chat.sessions.bind(old).branch()).session();
        session.kv().moveOut(fast, 10 * MIB);
        assertThat(slow.reserved()).isPositive();
        slow.setCap(slow.reserved());
        Object open = new Object();
        chat.generate(open, ToyChat.random(2, 3000), 3, false);
        HostSession working = Objects.requireNonNull(chat.sessions.bind(open).session());
        working.kv().giveBack(10 * MIB);
        assertThat(working.kv().slowBytes()).as("the open one has the room now").isPositive();
        assertThat(session.kv().isClosed()).isTrue();
        chat.sessions.close(chat.sessions.bind(open), true);
        checkNothingIsLeft(chat);
    }

    /** A conversation whose beginning an open one shares, and which nobody goes on with: only that beginning must stay. */
    @ParameterizedTest
    @EnumSource
    void whatNobodySharesGivesWayBehindWhatSomebodyDoes(Mode mode) {
        ToyChat chat = mode.chat(memory);
        int[] beginning = ToyChat.random(1, 600);
        Object parent = new Object();
        Object child = new Object();
        int[] first = ToyChat.join(beginning, ToyChat.random(2, 2400));
        chat.generate(parent, first, 3);
        int[] second = ToyChat.join(beginning, ToyChat.random(3, 30));
        chat.generate(child, second, 3, false);
        Branch longer = chat.branches().getFirst();
        assertThat(longer.children).hasSize(1);
        fast.setCap(fast.reserved() + (mode == Mode.SPARSE ? MIB : 0)); // digests stay
        slow.setCap(0);
        int[] prompt = ToyChat.random(4, 1500);
        assertThat(chat.generate(new Object(), prompt, 3)).isEqualTo(ToyChat.alone(mode.mode, prompt, 3));
        assertThat(fast.reserved()).isLessThanOrEqualTo(fast.cap());
        chat.checkTree();
        assertThat(longer.done()).as("its beginning stayed").isEqualTo(mode == Mode.EXACT ? 512 : 576);
        assertThat(longer.session().kv().isClosed()).isFalse();
        fast.setCap(Long.MAX_VALUE);
        int[] more = ToyChat.random(5, 20);
        if (mode != Mode.SPARSE) {
            int[] all = ToyChat.join(chat.sessions.bind(child).tokens().first(633), more);
            assertThat(chat.generate(child, more, 5)).as("the child").isEqualTo(ToyChat.alone(mode.mode, all, 5));
            all = ToyChat.join(chat.sessions.bind(parent).tokens().first(3003), more);
            assertThat(chat.generate(parent, more, 5)).as("the parent").isEqualTo(ToyChat.alone(mode.mode, all, 5));
        }
        chat.sessions.close(chat.sessions.bind(child), true);
        checkNothingIsLeft(chat);
    }

    @Test
    void whatIsReadFromTheParentsFileIsTheSame() {
        ToyChat chat = new ToyChat(Mode.SPARSE.mode, memory);
        int[] prompt = ToyChat.random(1, 3000);
        Object first = new Object();
        chat.generate(first, prompt, 3);
        Objects.requireNonNull(chat.sessions.bind(first).branch()).session().kv().moveOut(fast, 10 * MIB);
        int[] other = ToyChat.join(ToyChat.join(new int[0], prompt), ToyChat.random(2, 30));
        other[2990] = (other[2990] + 1) % 40; // another conversation: not the next turn of the same
        assertThat(chat.generate(new Object(), other, 20)).isEqualTo(ToyChat.alone(Mode.SPARSE.mode, other, 20));
        assertThat(chat.branches()).hasSize(2);
        Branch child = chat.branches().getLast();
        assertThat(child.session().kv().loadedBytes()).isPositive();
        assertThat(Objects.requireNonNull(child.parent).session().kv().loadedBytes()).as("it reads nothing").isZero();
        checkNothingIsLeft(chat);
    }

    /** That is said, and must not keep it among those that are looked at for ever. */
    @Test
    void oneThatCannotBeClosedIsGone() {
        boolean[] broken = {true};
        ToyChat chat = new ToyChat(Mode.INT8.mode, new KvMemory(fast, slow, () -> new MemoryFile() {
            @Override
            public void close() {
                if (broken[0]) {
                    throw new IllegalStateException("No luck");
                }
            }
        }));
        for (boolean keep : new boolean[]{true, false}) {
            Object kvBuffer = new Object();
            chat.generate(kvBuffer, ToyChat.random(1, 600), 5, keep);
            Branch branch = chat.branches().getFirst();
            branch.session().kv().giveBack(1 << 18);
            assertThat(branch.session().kv().slowBytes()).isPositive();
            broken[0] = true;
            assertThatThrownBy(() -> {
                if (keep) {
                    chat.sessions.kept().dropKept();
                } else {
                    chat.sessions.close(chat.sessions.bind(kvBuffer), false);
                }
            }).hasMessage("No luck");
            assertThat(branch.state).isEqualTo(Branch.State.GONE);
            broken[0] = false;
            checkNothingIsLeft(chat);
        }
    }

    /** One that takes no place among those of its model: the machine may have no memory for that just then. */
    private HostSession homeless() {
        return new HostSession(ToyChat.SHAPE, Mode.INT8.mode, memory, new ScalarKernels(), WorkerTeam.shared()) {
            @Override
            void attach(Branch place) {
                throw new OutOfMemoryError("No luck");
            }
        };
    }

    /** Whoever made it closes it: who finds it in the tree would find a closed one, which its user never leaves. */
    @Test
    void oneThatCannotBeAddedIsNoBranch() {
        ToyChat chat = Mode.INT8.chat(memory);
        try (HostSession session = homeless()) {
            assertThatThrownBy(() -> chat.sessions.open(new Binding(), chat.model, session)).hasMessage("No luck");
        }
        assertThat(chat.branches()).isEmpty();
        checkNothingIsLeft(chat);
    }

    /** Its parent would stay for ever, and what it holds itself would count for ever. */
    @Test
    void oneThatGrewAndCannotBeAddedIsClosed() {
        ToyChat chat = Mode.INT8.chat(memory);
        int[] prompt = ToyChat.random(1, 600);
        chat.generate(new Object(), prompt, 5);
        int[] other = ToyChat.join(Arrays.copyOf(prompt, 580), ToyChat.random(2, 30));
        assertThatThrownBy(() -> chat.sessions.openWith(new Binding(), chat.model, other, chat.rule(), true,
                (parent, tokens) -> {
                    HostSession child = homeless();
                    assertThat(child.kv().inherit(parent.kv(), tokens)).isTrue();
                    return child;
                })).hasMessage("No luck");
        assertThat(chat.branches()).hasSize(1);
        assertThat(chat.branches().getFirst().isShared()).isFalse();
        checkNothingIsLeft(chat);
    }

    /** Nobody else knows of a session that was read from a file. */
    @Test
    void oneThatWasRestoredAndCannotBeAddedIsClosed() {
        ToyChat chat = Mode.INT8.chat(memory);
        assertThatThrownBy(() -> chat.sessions.kept().restored(chat.model, homeless(), new TokenLog(),
                new BatchLog())).hasMessage("No luck");
        assertThat(chat.branches()).isEmpty();
        checkNothingIsLeft(chat);
    }

    @Test
    void tooManyAreNotKept() {
        ToyChat chat = new ToyChat(Mode.EXACT.mode, memory);
        for (int i = 0; i < KeptSessions.MOST + 10; i++) {
            chat.generate(new Object(), ToyChat.random(i, 5), 1);
        }
        assertThat(chat.branches()).hasSize(KeptSessions.MOST);
        checkNothingIsLeft(chat);
    }

    /** They would take the places of those that hold something. */
    @ParameterizedTest
    @EnumSource(Mode.class)
    void oneThatFailedBeforeItHeldAnythingIsNotKept(Mode mode) {
        boolean opened = false;
        for (long room = 4096; room <= MIB / 8; room *= 2) {
            ToyChat chat = mode.chat(new KvMemory(new MemoryBudget(room), new MemoryBudget(0), MemoryFile::new));
            assertThatThrownBy(() -> chat.generate(new Object(), ToyChat.random(1, 900), 1))
                    .isInstanceOf(MemoryFullException.class);
            opened |= chat.sessions.last() != null;
            assertThat(chat.branches()).as("room of %d", room).isEmpty();
        }
        assertThat(opened).as("a session that failed later").isTrue();
    }

    @Test
    void aCollectedModelTakesAllThatIsKeptWithIt() {
        Sessions sessions = new Sessions();
        List<HostSession> kept = new ArrayList<>();
        keep(sessions, kept);
        assertThat(kept.getFirst().kv().bytes()).isPositive();
        assertThat(Garbage.collectUntil(() -> kept.getFirst().kv().isClosed())).as("closed").isTrue();
        assertThat(kept.getFirst().kv().bytes()).isZero();
    }

    private static void keep(Sessions sessions, List<HostSession> kept) {
        HostSession session = new ToyChat(Mode.EXACT.mode, KvMemory.unlimited()).newSession();
        Binding binding = sessions.bind(new Object());
        sessions.open(binding, new Object(), session);
        session.kv().layer(0).resize(5);
        session.stepDone(5, 5);
        sessions.close(binding, true);
        kept.add(session);
    }

    @Test
    void policiesThatRememberShareNothing() {
        SessionMode h2o = new SessionMode(KvFormat.INT8, false, "h2o", new Budget(0.3, 64));
        assertThat(new PrefixRule(h2o, 256, false, false).shares()).isFalse();
        assertThat(new PrefixRule(Mode.SPARSE.mode, 256, false, false).shares()).isTrue();
    }

    /** A system message may end within a block that the next turn's prompt computes again. */
    @Test
    void whatIsPinnedBeforeThePromptIsComputedStaysPinned() {
        ToyChat chat = Mode.SPARSE.chat(memory);
        Object first = new Object();
        int[] prompt = ToyChat.random(1, 100);
        int[] reply = chat.generate(first, prompt, 100);
        int[] whole = ToyChat.join(ToyChat.join(prompt, reply), ToyChat.random(2, 300));
        Object next = new Object();
        chat.beforePrompt = binding -> binding.pin(0, 90);
        chat.generate(next, whole, 5);
        assertThat(reused(chat)).as("tokens taken over").isEqualTo(64);
        HostSession held = Objects.requireNonNull(chat.sessions.bind(next).held());
        assertThat(held.kv().pinned().count(1000)).isEqualTo(90);
        checkNothingIsLeft(chat);
    }

    @Test
    void whoGoesBackPinsNothingBehind() {
        ToyChat chat = Mode.SPARSE.chat(memory);
        Object first = new Object();
        chat.generate(first, ToyChat.random(1, 300), 5, false);
        Binding binding = chat.sessions.bind(first);
        binding.pin(0, 200);
        binding.record(150, 1, 2, 3);
        assertThat(Objects.requireNonNull(binding.session()).kv().pinned().count(1000)).isEqualTo(150);
        chat.sessions.close(binding, false);
        checkNothingIsLeft(chat);
    }

    /** An open session goes back under the monitor of its branch alone. */
    @Test
    void whatGoesBackIsNotTakenOver() {
        ToyChat chat = Mode.INT8.chat(memory);
        Object first = new Object();
        chat.generate(first, ToyChat.random(1, 300), 5, false);
        Branch branch = Objects.requireNonNull(chat.sessions.bind(first).branch());
        assertThat(branch.rewind(100)).isTrue();
        assertThat(branch.beginGrowing(192)).isFalse();
        assertThat(branch.rewind(64)).as("nothing is frozen").isTrue();
        assertThat(branch.beginGrowing(64)).isTrue();
        assertThat(branch.rewind(63)).isFalse();
        branch.endGrowing(null, chat.sessions.bind(first).tokens(), 64);
        chat.sessions.close(chat.sessions.bind(first), false);
        checkNothingIsLeft(chat);
    }

    @Test
    void nothingIsKeptOfAClosedModelUntilItIsUsedAgain() {
        ToyChat chat = Mode.INT8.chat(memory);
        Object first = new Object();
        Object second = new Object();
        Object open = new Object();
        int[] prompt = ToyChat.random(1, 300);
        chat.generate(first, prompt, 5);
        chat.generate(second, ToyChat.join(Arrays.copyOf(prompt, 200), ToyChat.random(2, 100)), 5);
        chat.generate(open, ToyChat.join(Arrays.copyOf(prompt, 250), ToyChat.random(3, 100)), 5, false);
        chat.sessions.kept().modelClosed(chat.model);
        assertThat(chat.branches()).as("the open one, and what it grew out of").hasSize(2);
        chat.sessions.close(chat.sessions.bind(open), true);
        assertThat(chat.branches()).isEmpty();
        assertThat(fast.reserved()).isZero();
        int[] reply = chat.generate(first, ToyChat.random(4, 20), 5);
        assertThat(reply).as("computed again").isNotEmpty();
        assertThat(chat.branches()).hasSize(1);
        checkNothingIsLeft(chat);
    }
}
