package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import io.alisa.compat.quality.Facts.Fact;

/**
 * Facts are told, a passage to read follows, and then the facts are asked for in the order they were told. Telling takes
 * about as many tokens as asking and answering, so all questions are about as far from their facts.
 */
final class Conversation {
    /** Several, because reading the prompt is most of the work; more would not fit into 2,048 tokens behind 1,850. */
    static final int FACTS = 5;
    private static final int LETTERS_PER_TOKEN = 8;

    private final int[] prompt;
    private final List<Fact> facts;

    private Conversation(int[] prompt, List<Fact> facts) {
        this.prompt = prompt;
        this.facts = facts;
    }

    /** Conversations with as many questions in all as asked for, rounded up; passages from all texts in turn. */
    static List<Conversation> at(int distance, int questions, TrainedModel model, List<EvaluationText> filler) {
        Random random = new Random(distance);
        List<Conversation> conversations = new ArrayList<>();
        for (int i = 0; i * FACTS < questions; i++) {
            List<Fact> facts = Facts.draw(FACTS, random);
            StringBuilder told = new StringBuilder(Turns.BEGIN);
            facts.forEach(fact -> told.append(Turns.tell(fact)));
            int[] before = model.encode(told + Turns.USER);
            int[] after = model.encode(Turns.NOTED);
            int[] passage = passage(filler.get(i % filler.size()), distance - before.length - after.length, model,
                    random);
            conversations.add(new Conversation(join(before, passage, after), facts));
        }
        return conversations;
    }

    private static int[] passage(EvaluationText text, int tokens, TrainedModel model, Random random) {
        int letters = LETTERS_PER_TOKEN * tokens;
        if (text.content().length() < 2 * letters) {
            throw new QualityException("The text " + text.name() + " is too short to take passages of " + tokens
                    + " tokens from it; give a longer one with -Dquality.texts");
        }
        int from = random.nextInt(text.content().length() - letters);
        // From the next word on, as one paragraph.
        String passage = text.content().substring(from, from + letters).replaceFirst("^\\S*\\s+", "").replaceAll("\\s+",
                " ");
        return Arrays.copyOf(model.encode(passage), tokens);
    }

    private static int[] join(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
    }

    /** The tokens up to the first question: as many as the distance. */
    int[] prompt() {
        return prompt.clone();
    }

    int distance() {
        return prompt.length;
    }

    List<Fact> facts() {
        return facts;
    }
}
