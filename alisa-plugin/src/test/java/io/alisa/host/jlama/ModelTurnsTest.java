package io.alisa.host.jlama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.cache.KvSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ModelTurnsTest {
    private final Object blocks = new Object();
    private final KvSession session = new KvSession(new KvLayout(KvFormat.F32, 1, 8), 1, 128, false,
            KvMemory.unlimited());
    private final List<String> done = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        session.close();
    }

    private static void saved(KvSession session, boolean begins) {
        if (begins) {
            session.lock().lock();
            session.setBeingSaved(true);
        } else {
            session.setBeingSaved(false);
            session.lock().unlock();
        }
    }

    /** Between two batches of its prompt, say: the rest of the prompt waits, other sessions of the model go on. */
    @Test
    void oneThatIsSavedKeepsNobodyElseWaiting() throws InterruptedException {
        CountDownLatch isSaving = new CountDownLatch(1);
        CountDownLatch isOnDisk = new CountDownLatch(1);
        Thread saver = Thread.ofPlatform().start(() -> {
            saved(session, true);
            isSaving.countDown();
            try {
                isOnDisk.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                saved(session, false);
            }
        });
        isSaving.await();
        Thread own = Thread.ofPlatform().start(() -> ModelTurns.take(blocks, session, () -> done.add("its own")));
        while (!session.lock().hasQueuedThread(own)) {
            Thread.onSpinWait();
        }
        ModelTurns.take(blocks, null, () -> done.add("another's"));
        assertThat(done).containsExactly("another's");
        isOnDisk.countDown();
        own.join();
        saver.join();
        assertThat(done).containsExactly("another's", "its own");
    }

    @Test
    void whoSavesMayTakeTurnsMeanwhile() {
        saved(session, true);
        try {
            ModelTurns.take(blocks, session, () -> done.add("computed again"));
        } finally {
            saved(session, false);
        }
        assertThat(done).containsExactly("computed again");
    }

    @Test
    void turnsExcludeEachOther() throws InterruptedException {
        int[] steps = new int[1];
        List<Thread> threads = List.of(counting(steps), counting(steps), counting(steps));
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(steps[0]).isEqualTo(3 * 10_000);
    }

    private Thread counting(int... steps) {
        return Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 10_000; i++) {
                ModelTurns.take(blocks, session, () -> steps[0]++);
            }
        });
    }
}
