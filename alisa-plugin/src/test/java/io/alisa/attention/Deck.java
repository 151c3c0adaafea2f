package io.alisa.attention;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Deals values in random order, every one before any comes again: a small sample that leaves no value out. */
final class Deck<T> {
    private final List<T> cards;
    private final Random random;
    private int dealt;

    Deck(Random random, List<T> values) {
        this.random = random;
        this.cards = new ArrayList<>(values);
        this.dealt = cards.size();
    }

    T deal() {
        if (dealt == cards.size()) {
            Collections.shuffle(cards, random);
            dealt = 0;
        }
        return cards.get(dealt++);
    }
}
