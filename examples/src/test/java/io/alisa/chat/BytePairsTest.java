package io.alisa.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BytePairsTest {
    @Test
    void whatCannotBeMergedStaysAsItIs() {
        assertThat(BytePairs.merge("", Map.of())).isEmpty();
        assertThat(BytePairs.merge("a", Map.of("a a", 0L))).containsExactly("a");
        assertThat(BytePairs.merge("abc", Map.of("a c", 0L))).containsExactly("a", "b", "c");
    }

    @Test
    void theFirstOfEqualPairsIsMergedFirst() {
        assertThat(BytePairs.merge("aaaaa", Map.of("a a", 0L))).containsExactly("aa", "aa", "a");
    }

    @Test
    void aPairThatOnlyAMergeBroughtAboutMayBeBetterThanThoseThatWait() {
        Map<String, Long> ranks = Map.of("a b", 2L, "ab c", 0L, "c d", 3L, "d e", 1L);
        assertThat(BytePairs.merge("abcde", ranks)).containsExactly("abc", "de");
    }

    /** Few letters and many ranks, some of them equal, so that pairs are often overtaken. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theResultIsThatOfLookingForTheBestPairAgainAndAgain(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 200; i++) {
            Map<String, Long> ranks = ranks(random, random.nextInt(1, 60));
            String letters = letters(random, random.nextInt(80));
            assertThat(BytePairs.merge(letters, ranks)).as("%s by %s", letters, ranks)
                    .isEqualTo(mergeOneByOne(letters, ranks));
        }
    }

    /** Looking at all pairs before each merge would take hours. */
    @Test
    void aPieceMayBeLong() {
        Map<String, Long> ranks = Map.of("a b", 1L, "ab ab", 0L, "abab abab", 2L);
        assertThat(BytePairs.merge("ab".repeat(100_000), ranks)).hasSize(25_000).containsOnly("abababab");
    }

    private static Map<String, Long> ranks(SplittableRandom random, int many) {
        List<String> parts = new ArrayList<>(List.of("a", "b", "c"));
        Map<String, Long> ranks = new HashMap<>();
        for (int i = 0; i < many; i++) {
            String left = parts.get(random.nextInt(parts.size()));
            String right = parts.get(random.nextInt(parts.size()));
            ranks.put(left + " " + right, (long) random.nextInt(many));
            parts.add(left + right);
        }
        return ranks;
    }

    private static String letters(SplittableRandom random, int many) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < many; i++) {
            letters.append((char) ('a' + random.nextInt(3)));
        }
        return letters.toString();
    }

    /** The rule as it is told. */
    private static List<String> mergeOneByOne(String letters, Map<String, Long> ranks) {
        List<String> parts = letters.chars().mapToObj(Character::toString)
                .collect(Collectors.toCollection(ArrayList::new));
        for (int best = best(parts, ranks); best >= 0; best = best(parts, ranks)) {
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
        return parts;
    }

    private static int best(List<String> parts, Map<String, Long> ranks) {
        int best = -1;
        long bestRank = Long.MAX_VALUE;
        for (int i = 0; i + 1 < parts.size(); i++) {
            Long rank = ranks.get(parts.get(i) + " " + parts.get(i + 1));
            if (rank != null && rank < bestRank) {
                bestRank = rank;
                best = i;
            }
        }
        return best;
    }
}
