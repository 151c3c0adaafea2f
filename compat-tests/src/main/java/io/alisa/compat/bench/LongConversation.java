package io.alisa.compat.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Ten messages, the first a long text to read, and short answers to them: some 4,000 of the trained model's tokens. */
final class LongConversation {
    static final int TURNS = 10;
    private static final int FIRST_LETTERS = Sizes.QUICK ? 1_000 : 5_000;
    private static final int LETTERS = Sizes.QUICK ? 300 : 830;
    private static final List<String> WHO = List.of("The old farmer", "A tall woman", "The captain", "My brother",
            "The doctor", "A little girl", "The teacher", "Their servant", "The young lady", "A stranger");
    private static final List<String> DID = List.of("walked slowly to", "had never seen", "came back from", "spoke of",
            "looked for", "stood before", "remembered", "went early to", "was afraid of", "could not find");
    private static final List<String> WHERE = List.of("the river", "the old house", "a green hill", "the church",
            "the market", "the dark wood", "the garden gate", "the sea", "the narrow road", "the station");

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
        StringBuilder text = new StringBuilder("Read this:");
        while (text.length() < letters) {
            text.append(' ').append(pick(WHO, random)).append(' ').append(pick(DID, random)).append(' ')
                    .append(pick(WHERE, random)).append('.');
        }
        return text.toString();
    }

    private static String pick(List<String> words, Random random) {
        return words.get(random.nextInt(words.size()));
    }
}
