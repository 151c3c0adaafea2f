package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.host.KeptSessionsTest.Mode;
import io.alisa.sparse.Budget;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import io.alisa.tier.MemoryFullException;
import io.alisa.tier.RefusingBudget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many conversations at once that share what they begin with, and what may go wrong then. */
class SharedPrefixesTest {
    private static final int CONVERSATIONS = 64;
    private static final int THREADS = 8;

    @TempDir
    Path directory = Path.of("");

    /**
     * One conversation: each turn goes on with its session, or with two restored ones of what was saved of it, or sends the
     * history again, or first begins anew.
     */
    private static final class Talk implements Callable<Integer> {
        private final ToyChat chat;
        private final Mode mode;
        private final Random random;
        private final List<int[]> systems;
        private final Path file;
        private Object kvBuffer = new Object();
        /** Whether all was computed as a prefill of it would. */
        private boolean whole = true;
        private int checked;

        Talk(ToyChat chat, Mode mode, long seed, List<int[]> systems, Path file) {
            this.chat = chat;
            this.mode = mode;
            this.random = new Random(seed);
            this.systems = systems;
            this.file = file;
        }

        @Override
        public Integer call() throws IOException {
            int[] history = systems.get(random.nextInt(systems.size()));
            for (int turn = 0; turn < 4; turn++) {
                int[] said = ToyChat.random(random.nextInt(5), 10 + random.nextInt(150));
                int way = turn == 0 ? 0 : random.nextInt(4);
                boolean restored = way == 3 && restoreTwice(history);
                boolean goesOn = way == 2 || restored;
                if (!goesOn) {
                    kvBuffer = new Object();
                    whole = true;
                }
                history = say(history, said, goesOn);
                if (random.nextInt(4) == 0) { // an edit of the history: the next turn shares less
                    history[random.nextInt(history.length)] = random.nextInt(40);
                    kvBuffer = new Object();
                    history = ToyChat.join(history, chat.generate(kvBuffer, history, 1));
                    whole = mode != Mode.SPARSE;
                }
            }
            return checked;
        }

        private int[] say(int[] history, int[] said, boolean goesOn) {
            int[] prompt = ToyChat.join(history, said);
            int[] reply = chat.generate(kvBuffer, goesOn ? said : prompt, 6);
            // What was decoded sparsely is not what a prefill of the same would see: there only what was prefilled whole.
            whole &= !goesOn || mode != Mode.SPARSE;
            if (whole) {
                assertThat(reply).isEqualTo(ToyChat.alone(mode.mode, prompt, 6));
                checked++;
            }
            return ToyChat.join(prompt, reply);
        }

        /** One of the two says something else; the conversation goes on with the other. */
        private boolean restoreTwice(int[] history) throws IOException {
            Object first = chat.saveAndRestore(kvBuffer, file);
            Object second = first == null ? null : chat.restore(file);
            if (first == null || second == null) {
                return false;
            }
            kvBuffer = second;
            say(history, ToyChat.random(7, 30), true);
            kvBuffer = first;
            return true;
        }
    }

    /** It took over what another one has of its beginning, and got no further: the rest would be gone for good. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aConversationThatIsBehindIsNotSaved(boolean close) throws IOException {
        ToyChat chat = Mode.TO_THE_TOKEN.chat(KvMemory.unlimited());
        int[] common = ToyChat.random(1, 512);
        Object first = new Object();
        chat.generate(first, ToyChat.join(common, ToyChat.random(2, 88)), 0, false);
        Object second = new Object();
        int[] known = ToyChat.join(common, ToyChat.random(3, 88));
        chat.generate(second, known, 0);
        chat.sessions.kept().dropKept();
        int[] said = ToyChat.random(4, 100);
        chat.beforePrompt = binding -> {
            throw new MemoryFullException("its first batch finds no room");
        };
        assertThat(catchThrowable(() -> chat.generate(second, said, 0, close)))
                .isInstanceOf(MemoryFullException.class);
        Binding binding = chat.sessions.bind(second);
        Path file = directory.resolve("behind");
        assertThat(Objects.requireNonNull(binding.held()).tokens()).isEqualTo(512);
        assertThat(catchThrowable(() -> chat.save(binding, file))).hasMessageContaining("its last one failed");
        chat.sessions.close(binding, true);
        assertThat(catchThrowable(() -> chat.save(binding, file))).hasMessageContaining("its last one failed");
        chat.beforePrompt = any -> {
        };
        int[] reply = chat.generate(second, said, 6);
        assertThat(reply).isEqualTo(ToyChat.alone(Mode.TO_THE_TOKEN.mode, ToyChat.join(known, said), 6));
        assertThat(chat.save(binding, file)).isTrue();
        chat.sessions.close(chat.sessions.bind(first), true);
    }

    @ParameterizedTest
    @CsvSource({"EXACT, 12", "TO_THE_TOKEN, 12", "INT8, 32", "SPARSE, 128", "SPARSE, 96"})
    void everyTextIsTheSerialOne(Mode mode, long megabytes) throws Exception {
        MemoryBudget fast = new MemoryBudget(megabytes << 20);
        MemoryBudget slow = new MemoryBudget(16L << 20);
        ToyChat chat = mode.chat(new KvMemory(fast, slow, () -> new MemoryFile((call, bytes) -> {
        })));
        List<int[]> systems = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            systems.add(ToyChat.random(100 + i, 100 + 170 * i));
        }
        systems.add(ToyChat.join(systems.get(4), ToyChat.random(7, 200)));
        List<Future<Integer>> talks = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (int i = 0; i < CONVERSATIONS; i++) {
                talks.add(threads.submit(new Talk(chat, mode, 1000 + i, systems, directory.resolve(i + ".session"))));
            }
            int checked = 0;
            for (Future<Integer> talk : talks) {
                checked += talk.get();
            }
            assertThat(checked).isGreaterThan(CONVERSATIONS);
        }
        assertThat(chat.sessions.reports()).isEmpty();
        chat.checkTree();
        assertThat(fast.peak()).isLessThanOrEqualTo(megabytes << 20);
        chat.sessions.kept().dropKept();
        assertThat(chat.branches()).isEmpty();
        assertThat(fast.reserved()).as("RAM left over").isZero();
        assertThat(slow.reserved()).as("files left over").isZero();
    }

    @Test
    void aForkThatFindsNoMemoryIsNone() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        ToyChat chat = new ToyChat(Mode.SPARSE.mode, new KvMemory(fast, new MemoryBudget(0), () -> new MemoryFile(
                (call, bytes) -> {
                })));
        int[] prompt = ToyChat.random(1, 300);
        Object first = new Object();
        chat.generate(first, prompt, 2, false);
        HostSession parent = Objects.requireNonNull(chat.sessions.bind(first).session());
        chat.amidFork = () -> {
            throw new MemoryFullException("The test wants it so");
        };
        int[] other = ToyChat.join(prompt, ToyChat.random(2, 10));
        assertThat(chat.sessions.openWith(new Binding(), chat.model, other, chat.rule(), true, chat::fork)).isZero();
        chat.checkTree();
        assertThat(chat.branches()).hasSize(1);
        parent.kv().layer(0).resize(100, 101); // nobody shares it: it may change again
        chat.sessions.close(chat.sessions.bind(first), false);
        assertThat(fast.reserved()).isZero();
    }

    /** One request for memory is refused, whichever it is. */
    @Test
    void aForkThatIsRefusedMemoryLeavesNothingBehind() {
        int all = Integer.MAX_VALUE;
        int forked = 0;
        for (int at = -1; at < all; at++) {
            RefusingBudget fast = new RefusingBudget(Long.MAX_VALUE, at);
            KvMemory memory = new KvMemory(fast, new MemoryBudget(0), () -> new MemoryFile((call, bytes) -> {
            }));
            SessionMode mode = new SessionMode(KvFormat.INT8, false, "swa", new Budget(0.3, 64));
            ToyChat chat = new ToyChat(mode, memory);
            int[] prompt = ToyChat.random(1, 300);
            int[] other = ToyChat.join(prompt, ToyChat.random(2, 10));
            Object first = new Object();
            try {
                chat.generate(first, prompt, 2, false); // open: it is not taken over
                assertThat(chat.generate(new Object(), other, 2)).isEqualTo(ToyChat.alone(mode, other, 2));
                boolean reused = Objects.requireNonNull(chat.sessions.last()).reusedTokens() > 0;
                forked += reused ? 1 : 0;
            } catch (MemoryFullException e) {
                assertThat(e).hasMessageContaining("alisa.memory.fast");
            } finally {
                Reference.reachabilityFence(first);
            }
            chat.checkTree();
            all = Math.min(all, at < 0 ? fast.calls() : all);
            for (Branch branch : chat.branches()) {
                chat.sessions.kept().drop(branch);
            }
            chat.sessions.kept().dropKept();
            assertThat(chat.branches()).as("refused %s", at).isEmpty();
            assertThat(fast.reserved()).as("left over, refused %s", at).isZero();
        }
        assertThat(forked).isPositive();
    }

    /** A piece of the parent's file is damaged while a child reads it: the child says so and ends, the others go on. */
    @Test
    void aDamagedFileOfTheParentIsFoundByTheChild() {
        AtomicInteger reads = new AtomicInteger();
        AtomicInteger damaged = new AtomicInteger(Integer.MAX_VALUE);
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        KvMemory memory = new KvMemory(fast, new MemoryBudget(Long.MAX_VALUE), () -> new MemoryFile((call, bytes) -> {
            if (call.equals("read") && reads.getAndIncrement() == damaged.get()) {
                bytes[bytes.length / 2] ^= 4;
            }
        }));
        ToyChat chat = new ToyChat(Mode.INT8.mode, memory);
        int[] prompt = ToyChat.random(1, 1000);
        Object first = new Object();
        chat.generate(first, prompt, 3);
        HostSession parent = Objects.requireNonNull(chat.sessions.bind(first).branch()).session();
        parent.kv().moveOut(fast, 10 << 20);
        int[] other = prompt.clone();
        other[990]++;
        damaged.set(reads.get() + 3);
        assertThat(catchThrowable(() -> chat.generate(new Object(), other, 5)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("can't be recomputed");
        int[] again = prompt.clone();
        again[991]++;
        assertThat(chat.generate(new Object(), again, 5)).isEqualTo(ToyChat.alone(Mode.INT8.mode, again, 5));
        int[] more = ToyChat.random(2, 20);
        int[] all = ToyChat.join(chat.sessions.bind(first).tokens().first(1003), more);
        assertThat(chat.generate(first, more, 5)).isEqualTo(ToyChat.alone(Mode.INT8.mode, all, 5));
        chat.checkTree();
        chat.sessions.kept().dropKept();
        assertThat(fast.reserved()).isZero();
    }
}
