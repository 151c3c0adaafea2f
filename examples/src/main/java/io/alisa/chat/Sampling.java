package io.alisa.chat;

import java.util.random.RandomGenerator;

/** How the next token is chosen, and how many at most. */
record Sampling(float temperature, RandomGenerator random, int maxTokens) {
    static Sampling greedy(int maxTokens) {
        return new Sampling(0, RandomGenerator.getDefault(), maxTokens);
    }

    boolean isGreedy() {
        return temperature == 0;
    }
}
