package io.alisa.host;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * A map from host objects, by identity and weakly, to what we keep for them.
 *
 * <p>The host's objects have no room for a pointer of ours, and an abandoned one must take its memory with it. A
 * look-up allocates nothing. Values must not refer to their keys. Thread-safe.
 *
 * @param <V> what is kept
 */
public final class IdentityTable<V> {
    private static final class Entry<V> extends WeakReference<Object> {
        final int hash;
        final V value;
        @Nullable
        Entry<V> next;

        Entry(Object key, int hash, V value, ReferenceQueue<Object> queue, @Nullable Entry<V> next) {
            super(key, queue);
            this.hash = hash;
            this.value = value;
            this.next = next;
        }
    }

    private final ReferenceQueue<Object> abandoned = new ReferenceQueue<>();
    private final Consumer<V> onAbandoned;
    private @Nullable Entry<V>[] buckets = newBuckets(64);
    private int size;

    /** @param onAbandoned told the value of a key that was collected, on whichever thread notices */
    public IdentityTable(Consumer<V> onAbandoned) {
        this.onAbandoned = onAbandoned;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static <V> @Nullable Entry<V>[] newBuckets(int count) {
        return (@Nullable Entry<V>[]) new Entry[count];
    }

    /** The value of {@code key}, or null. */
    public synchronized @Nullable V get(Object key) {
        int hash = System.identityHashCode(key);
        for (Entry<V> e = buckets[hash & (buckets.length - 1)]; e != null; e = e.next) {
            if (e.hash == hash && e.refersTo(key)) {
                return e.value;
            }
        }
        return null;
    }

    /** Keeps {@code value} for {@code key}, which must not be in the table. */
    public synchronized void put(Object key, V value) {
        if (size > buckets.length / 2) {
            grow();
        }
        int hash = System.identityHashCode(key);
        int bucket = hash & (buckets.length - 1);
        buckets[bucket] = new Entry<>(key, hash, value, abandoned, buckets[bucket]);
        size++;
    }

    private void grow() {
        @Nullable
        Entry<V>[] old = buckets;
        buckets = newBuckets(2 * old.length);
        for (Entry<V> chain : old) {
            for (Entry<V> e = chain; e != null;) {
                Entry<V> next = e.next;
                int bucket = e.hash & (buckets.length - 1);
                e.next = buckets[bucket];
                buckets[bucket] = e;
                e = next;
            }
        }
    }

    /** Drops entries whose keys were collected. Cheap when there are none. */
    public void purge() {
        for (Object reference = abandoned.poll(); reference != null; reference = abandoned.poll()) {
            drop(reference);
        }
    }

    /** Waits until a key was collected, so many milliseconds at most, and drops its entry. */
    void awaitAbandoned(long millis) throws InterruptedException {
        Object reference = abandoned.remove(millis);
        if (reference != null) {
            drop(reference);
        }
    }

    private void drop(Object reference) {
        @SuppressWarnings("unchecked")
        Entry<V> entry = (Entry<V>) reference;
        if (remove(entry)) {
            onAbandoned.accept(entry.value);
        }
    }

    private synchronized boolean remove(Entry<V> gone) {
        int bucket = gone.hash & (buckets.length - 1);
        Entry<V> before = null;
        for (Entry<V> e = buckets[bucket]; e != null; e = e.next) {
            if (e == gone) {
                if (before == null) {
                    buckets[bucket] = e.next;
                } else {
                    before.next = e.next;
                }
                size--;
                return true;
            }
            before = e;
        }
        return false;
    }

    /** All values whose keys are alive. */
    public synchronized List<V> values() {
        List<V> values = new ArrayList<>();
        for (Entry<V> chain : buckets) {
            for (Entry<V> e = chain; e != null; e = e.next) {
                if (!e.refersTo(null)) {
                    values.add(e.value);
                }
            }
        }
        return values;
    }
}
