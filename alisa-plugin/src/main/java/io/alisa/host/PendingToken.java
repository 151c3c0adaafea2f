package io.alisa.host;

import java.util.HashMap;
import java.util.Map;

/**
 * The token a reply ended with. The host chose it, and said it unless it was a stop token, but never fed it to the model: it
 * belongs to the conversation all the same, and is the first thing to be fed when that goes on. Thread-safe.
 */
public final class PendingToken {
    /** Keys of {@link #texts}. */
    static final String TOKEN = "pending-token";
    static final String MARKED = "prompts-are-marked";

    private int token;
    /** Where it belongs; -1 where there is none. */
    private int position = -1;
    private boolean marked;

    /** Notes the token that was chosen, and where it would come. */
    public synchronized void chosen(int chosen, int at) {
        token = chosen;
        position = at;
    }

    /**
     * In texts, for a session of so many tokens that is saved.
     *
     * @param marks whether {@code generate} marks the beginning of this model's prompts. Who fed tokens himself so far never
     *              said so here, and may generate when it is restored: then a pending token comes in the mark's place, too
     */
    synchronized Map<String, String> texts(int known, boolean marks) {
        Map<String, String> texts = new HashMap<>(
                Map.of(MARKED, Boolean.toString(marked || (marks && position == known))));
        if (position == known) {
            texts.put(TOKEN, Integer.toString(token));
        }
        return texts;
    }

    /** Whether there is one for that position. */
    public synchronized boolean isAt(int at) {
        return position == at;
    }

    public synchronized int token() {
        return token;
    }

    /** Says whether the host begins every prompt with a token that marks the beginning of a text. */
    public synchronized void setMarked(boolean value) {
        marked = value;
    }

    public synchronized boolean isMarked() {
        return marked;
    }

    /**
     * Where the host must believe the next prompt to begin, so that it counts right: with the reply's last token in the place
     * of the mark there are as many tokens as the host thinks.
     *
     * @param known tokens that were fed
     */
    public synchronized int next(int known) {
        return known + (position == known ? 1 : 0) - (marked ? 1 : 0);
    }
}
