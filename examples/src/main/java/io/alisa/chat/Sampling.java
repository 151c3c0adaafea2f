package io.alisa.chat;

import java.util.random.RandomGenerator;

/** How the next token is chosen, and how many at most. */
public record Sampling(float temperature, RandomGenerator random, int maxTokens) {
    /** The likeliest token always. */
    public static Sampling greedy(int maxTokens) {
        return new Sampling(0, RandomGenerator.getDefault(), maxTokens);
    }

    boolean isGreedy() {
        return temperature == 0;
    }
}
