package io.alisa.host;

import java.lang.ref.WeakReference;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The token ids of closed sessions. The host never lets go of its cache objects, and with each of them stays what we know of
 * it; clients that draw a new id per answer and send the whole history each time would fill the heap with ids.
 *
 * <p>Sessions whose KV is kept are few, see {@link KeptSessions#MOST}. All others have so many ids together at most; beyond
 * that the session forgets its own whose KV has been gone for longest. Thread-safe; waits for nobody's session.
 */
final class ClosedIds {
    /** 64 MiB. */
    private static final long MOST = 16 << 20;
    private static final long SHARE_OF_HEAP = 32;

    private final long most;
    /** Closed, the KV being there when it was last looked at; the one that was closed first comes first. */
    private final Map<WeakReference<Binding>, WeakReference<Branch>> kept = new LinkedHashMap<>();
    /** Those without, and how many ids each has. */
    private final Map<WeakReference<Binding>, Integer> others = new LinkedHashMap<>();
    private long count;

    ClosedIds() {
        this(Math.min(MOST, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP / Integer.BYTES));
    }

    /** @param most ids of sessions whose KV is gone */
    ClosedIds(long most) {
        this.most = most;
    }

    /**
     * The session of a cache object was closed.
     *
     * @param branch where its KV is, if it is kept
     */
    synchronized void closed(Binding binding, @Nullable Branch branch) {
        opened(binding); // again: it is the last now
        kept.put(binding.reference(), new WeakReference<>(branch));
        for (Iterator<Map.Entry<WeakReference<Binding>, WeakReference<Branch>>> all = kept.entrySet().iterator(); all
                .hasNext();) {
            Map.Entry<WeakReference<Binding>, WeakReference<Branch>> next = all.next();
            Binding closed = next.getKey().get();
            if (closed == null || closed.session() != null) { // or somebody came back to it meanwhile
                all.remove();
            } else if (!isKept(closed.tokens(), next.getValue().get())) {
                all.remove();
                count(closed);
            }
        }
        forgetOldest();
    }

    private static boolean isKept(TokenLog tokens, @Nullable Branch branch) {
        return branch != null && branch.isOf(tokens) && !branch.session().kv().isClosed();
    }

    private void count(Binding binding) {
        int ids = binding.tokens().size();
        // A single id is not worth it; and where prompts begin with a mark, what goes on behind one looks like a beginning.
        if (ids > 1) {
            others.put(binding.reference(), ids);
            count += ids;
        }
    }

    private void forgetOldest() {
        for (Iterator<Map.Entry<WeakReference<Binding>, Integer>> all = others.entrySet().iterator(); count > most;) {
            Map.Entry<WeakReference<Binding>, Integer> oldest = all.next();
            count -= oldest.getValue();
            Binding binding = oldest.getKey().get();
            if (binding != null) {
                binding.tokens().forget();
            }
            all.remove();
        }
    }

    /** The session of a cache object goes on, or nobody can come back to it: its ids are not counted here. */
    synchronized void opened(Binding binding) {
        kept.remove(binding.reference());
        Integer ids = others.remove(binding.reference());
        count -= ids == null ? 0 : ids;
    }

    /** How many ids there are of sessions whose KV is gone, as far as was looked. */
    synchronized long count() {
        return count;
    }

    /** What to tell a user who comes back for ids that are forgotten. */
    IllegalStateException forgotten(int ids, int position) {
        return new IllegalStateException(
                "This session was closed and can't go on at position " + position + ": its " + ids
                        + " token ids were forgotten, since other sessions were closed later and more than " + most
                        + " ids of closed ones are not kept (a 32nd of the heap, " + MOST
                        + " at most); begin at position 0 with the whole conversation, or use a new session");
    }
}
