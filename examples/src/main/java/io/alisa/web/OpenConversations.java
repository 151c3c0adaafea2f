package io.alisa.web;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The conversations that are kept, and which of them give way to new ones: first those in which nothing was said, then the
 * one unused longest. Thread-safe.
 */
final class OpenConversations {
    private final int most;
    /** Nothing was said in them yet. In the order they began. */
    private final Map<String, OpenConversation> silent = new LinkedHashMap<>();
    /** The others, in the order of their last use. */
    private final Map<String, OpenConversation> spoken = new LinkedHashMap<>(16, 0.75f, true);

    OpenConversations(int most) {
        this.most = most;
    }

    /** Adds one and returns those that gave way. */
    synchronized List<OpenConversation> add(String name, OpenConversation conversation) {
        List<OpenConversation> leaving = new ArrayList<>();
        while (silent.size() + spoken.size() >= most) {
            Iterator<OpenConversation> first = (silent.isEmpty() ? spoken : silent).values().iterator();
            leaving.add(first.next());
            first.remove();
        }
        silent.put(name, conversation);
        return leaving;
    }

    /** One in which something is going to be said. */
    synchronized Optional<OpenConversation> use(String name) {
        OpenConversation first = silent.remove(name);
        if (first != null) {
            spoken.put(name, first);
        }
        return Optional.ofNullable(spoken.get(name));
    }

    /** Whether it is there; who asks still wants it. */
    synchronized boolean touch(String name) {
        return spoken.get(name) != null || silent.containsKey(name);
    }

    synchronized Optional<OpenConversation> remove(String name) {
        OpenConversation unused = silent.remove(name);
        return Optional.ofNullable(unused != null ? unused : spoken.remove(name));
    }
}
