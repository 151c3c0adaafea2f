package io.alisa.web;

import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.alisa.chat.Conversation;
import io.alisa.chat.LoadedModel;
import io.alisa.chat.Sampling;
import io.alisa.chat.Turn;

/**
 * The conversations of all users: each has a session of its own. Thread-safe.
 *
 * <p>They speak one at a time, in the order they were ready to: the host takes one step at a time anyway, a reply is done
 * sooner that way, and the session the plugin used last is then the speaker's. What they say is encoded before, or a long
 * message would keep all others waiting.
 */
final class Conversations {
    private final LoadedModel model;
    private final int maxTokens;
    private final Floor floor = new Floor();
    private final OpenConversations open;
    private final Queue<OpenConversation> leaving = new ConcurrentLinkedQueue<>();

    Conversations(LoadedModel model, int maxTokens, int most) {
        this.model = model;
        this.maxTokens = maxTokens;
        this.open = new OpenConversations(most);
    }

    LoadedModel model() {
        return model;
    }

    /** Begins a conversation and returns its name, which nobody can guess. */
    String begin() {
        String name = UUID.randomUUID().toString();
        leaving.addAll(open.add(name, new OpenConversation(new Conversation(model, List.of()))));
        closeLeaving();
        return name;
    }

    /** Whether it can go on. One in which something was said gives way later from now on. */
    boolean isOpen(String name) {
        return open.touch(name);
    }

    /**
     * Says something and hands the reply to the listener. Empty where the conversation was closed, or where the listener
     * gave up before its turn came: then nothing was said.
     */
    Optional<Turn> say(String name, String text, SpeakerListener listener) {
        Optional<OpenConversation> asked = open.use(name); // or it could give way while it waits
        try {
            return asked.flatMap(mine -> prepare(name, mine, text, listener));
        } finally {
            closeLeaving();
        }
    }

    /** In this conversation's own line. */
    private Optional<Turn> prepare(String name, OpenConversation mine, String text, SpeakerListener listener) {
        try (Floor.Place place = mine.line().ask()) {
            return place.await(() -> stillWaits(listener))
                    ? await(name, mine.conversation().prepare(text), listener)
                    : Optional.empty();
        }
    }

    private Optional<Turn> await(String name, Conversation.Prepared message, SpeakerListener listener) {
        try (Floor.Place place = floor.ask()) {
            return place.await(() -> stillWaits(listener)) ? speak(name, message, listener) : Optional.empty();
        }
    }

    /** On the floor. Who waits gets it next, so those that left meanwhile are closed before it is given up. */
    private Optional<Turn> speak(String name, Conversation.Prepared message, SpeakerListener listener) {
        try {
            Optional<Conversation> conversation = open.use(name).map(OpenConversation::conversation);
            conversation.ifPresent(listener::onFloor);
            if (listener.stop()) {
                return Optional.empty();
            }
            Optional<Turn> turn = conversation.map(mine -> mine.say(message, Sampling.greedy(maxTokens), listener));
            turn.ifPresent(listener::onEnd);
            return turn;
        } finally {
            closeOnFloor();
        }
    }

    private static boolean stillWaits(SpeakerListener listener) {
        listener.onWait();
        return !listener.stop();
    }

    void end(String name) {
        open.remove(name).ifPresent(leaving::add);
        closeLeaving();
    }

    /** One that speaks is not closed before it is done; who speaks then sees to it. */
    private void closeLeaving() {
        while (!leaving.isEmpty()) { // again, for one that came while the floor was given back
            Optional<Floor.Place> place = floor.askIfFree();
            if (place.isEmpty()) {
                return;
            }
            try {
                closeOnFloor();
            } finally {
                place.get().close();
            }
        }
    }

    private void closeOnFloor() {
        for (OpenConversation gone = leaving.poll(); gone != null; gone = leaving.poll()) {
            gone.conversation().close();
        }
    }
}
