package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.alisa.compat.quality.MadeUpText;

/** Ten messages, the first a long text to read, and short answers to them: some 4,000 of the trained model's tokens. */
final class LongConversation {
    static final int TURNS = 10;
    private static final int FIRST_LETTERS = Sizes.QUICK ? 1_000 : 5_000;
    private static final int LETTERS = Sizes.QUICK ? 300 : 800;

    private LongConversation() {
    }

    /** Two conversations, the first to warm up; an empty message between them. No part of one is in the other. */
    static List<String> warmedUp() {
        List<String> messages = new ArrayList<>(messages(new Random(1)));
        messages.add("");
        messages.addAll(messages(new Random(2)));
        return messages;
    }

    private static List<String> messages(Random random) {
        List<String> messages = new ArrayList<>();
        messages.add(message(FIRST_LETTERS, random));
        while (messages.size() < TURNS) {
            messages.add(message(LETTERS, random));
        }
        return messages;
    }

    private static String message(int letters, Random random) {
        return "Read this: " + MadeUpText.prose(letters, random).strip();
    }
}
