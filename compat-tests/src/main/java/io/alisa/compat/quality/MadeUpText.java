package io.alisa.compat.quality;

import java.util.List;
import java.util.Random;

import io.alisa.compat.quality.Facts.Fact;

/** Text for a machine that has none: always the same. */
public final class MadeUpText {
    private static final int FACTS_EACH = 6;
    private static final List<String> WHO = List.of("The old farmer", "A tall woman", "The captain", "My brother",
            "The doctor",
            "A little girl", "The teacher", "Their servant", "The young lady", "A stranger");
    private static final List<String> DID = List.of("walked slowly to", "had never seen", "came back from", "spoke of",
            "looked for", "stood before", "remembered", "went early to", "was afraid of", "could not find");
    private static final List<String> WHAT = List.of("the river", "the old house", "a green hill", "the church",
            "the market",
            "the dark wood", "the garden gate", "the sea", "the narrow road", "the station");
    private static final List<String> WHEN = List.of("in the morning", "before the rain", "after dinner",
            "all that winter",
            "with a heavy heart", "without a word", "at the end of the day", "for the last time");

    private MadeUpText() {
    }

    /** Conversations in the model's format, one to a line: facts are told, and asked for in another order. */
    static String conversations(int length) {
        Random random = new Random(11);
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            List<Fact> facts = Facts.draw(FACTS_EACH, random);
            facts.forEach(fact -> text.append(Turns.tell(fact)));
            for (int i = 0; i < FACTS_EACH; i++) {
                Fact fact = facts.get(random.nextInt(FACTS_EACH));
                text.append(Turns.ask(fact)).append(fact.statement()).append(Turns.END);
                text.append(Turns.USER).append(sentence(random)).append(Turns.NOTED);
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** Sentences of no great sense. */
    static String prose(int length) {
        return prose(length, new Random(12));
    }

    /** The same by a seed of one's own; at least {@code length} letters, and a blank at the end. */
    public static String prose(int length, Random random) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(sentence(random)).append(' ');
        }
        return text.toString();
    }

    private static String sentence(Random random) {
        return pick(WHO, random) + " " + pick(DID, random) + " " + pick(WHAT, random) + " " + pick(WHEN, random) + ".";
    }

    private static String pick(List<String> words, Random random) {
        return words.get(random.nextInt(words.size()));
    }
}
