package io.alisa.web;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;

import io.alisa.chat.Conversation;
import io.alisa.chat.LoadedModel;
import io.alisa.chat.Sampling;
import io.alisa.chat.Turn;

/**
 * The conversations of all users: each has a session of its own. Thread-safe.
 *
 * <p>They speak one at a time, in the order they asked: the host takes one step at a time anyway, a reply is done sooner
 * that way, and the session the plugin used last is then the speaker's.
 */
final class Conversations {
    private final LoadedModel model;
    private final int maxTokens;
    private final int most;
    private final ReentrantLock floor = new ReentrantLock(true);
    /** In the order of their last use. */
    private final Map<String, Conversation> open = new LinkedHashMap<>(16, 0.75f, true);
    private final Queue<Conversation> leaving = new ConcurrentLinkedQueue<>();

    Conversations(LoadedModel model, int maxTokens, int most) {
        this.model = model;
        this.maxTokens = maxTokens;
        this.most = most;
    }

    LoadedModel model() {
        return model;
    }

    /** Begins a conversation and returns its name, which nobody can guess. */
    String begin() {
        String name = UUID.randomUUID().toString();
        synchronized (open) {
            open.put(name, new Conversation(model, List.of()));
            Iterator<Conversation> oldest = open.values().iterator();
            while (open.size() > most) {
                leaving.add(oldest.next());
                oldest.remove();
            }
        }
        closeLeaving();
        return name;
    }

    boolean isOpen(String name) {
        synchronized (open) {
            return open.containsKey(name);
        }
    }

    /** Says something and hands the reply to the listener. Empty where the conversation was closed. */
    Optional<Turn> say(String name, String text, SpeakerListener listener) {
        if (!floor.tryLock()) {
            listener.onWait();
            floor.lock();
        }
        try {
            Conversation conversation;
            synchronized (open) {
                conversation = open.get(name);
            }
            if (conversation == null) {
                return Optional.empty();
            }
            listener.onFloor(conversation);
            return Optional.of(conversation.say(text, Sampling.greedy(maxTokens), listener));
        } finally {
            floor.unlock();
            closeLeaving();
        }
    }

    void end(String name) {
        synchronized (open) {
            Conversation conversation = open.remove(name);
            if (conversation != null) {
                leaving.add(conversation);
            }
        }
        closeLeaving();
    }

    /** One that speaks is not closed before it is done; who speaks then sees to it. */
    private void closeLeaving() {
        if (floor.tryLock()) {
            try {
                for (Conversation gone = leaving.poll(); gone != null; gone = leaving.poll()) {
                    gone.close();
                }
            } finally {
                floor.unlock();
            }
        }
    }
}
