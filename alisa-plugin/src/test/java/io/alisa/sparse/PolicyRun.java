package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvSession;

/**
 * A session as its policy sees it: batches and steps, now and then from an earlier position again. Whatever a policy
 * chooses must be a proper choice, and the same as that of a slow and plain reference.
 *
 * <p>Weights are random sixteenths: sums of them are exact, whatever the order, and often equal.
 */
final class PolicyRun implements AutoCloseable {
    private static final float[] NO_QUERIES = {};

    /** What each sparse step attended: {@code [kvHead][]}. */
    final List<int[][]> attended = new ArrayList<>();

    private final TokenSelector policy;
    private final TokenSelector reference;
    private final Budget budget;
    private final int kvHeads;
    private final Random random;
    private final KvSession session;
    private final Selection selection;
    private final Selection expected;

    PolicyRun(TokenSelector policy, TokenSelector reference, Budget budget, int kvHeads, int room, long seed) {
        this.policy = policy;
        this.reference = reference;
        this.budget = budget;
        this.kvHeads = kvHeads;
        this.random = new Random(seed);
        this.session = new KvSession(new KvLayout(KvFormat.F32, kvHeads, 1), 1, room);
        this.selection = new Selection(kvHeads);
        this.expected = new Selection(kvHeads);
    }

    private KvLayer layer() {
        return session.layer(0);
    }

    /** All that can happen in a session, in some order. Needs room for 200 tokens more than the prompt has. */
    void live(int prompt) {
        batch(0, prompt);
        steps(25);
        batch(layer().tokens(), 1 + random.nextInt(70));
        steps(25);
        stepAt(random.nextInt(layer().tokens()));
        steps(25);
        stepAt(layer().tokens() - 1); // the same position once more
        steps(5);
        int from = random.nextInt(layer().tokens());
        batch(from, 1 + random.nextInt(layer().tokens() - from));
        steps(25);
    }

    /** A batch of tokens, which attend all before them. */
    void batch(int from, int tokens) {
        layer().resize(from + tokens);
        policy.begin(from);
        reference.begin(from);
        for (int position = from + tokens - Math.min(tokens, policy.observedPromptRows()); position < from
                + tokens; position++) {
            for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                int[] all = IntStream.rangeClosed(0, position).toArray();
                observe(position, kvHead, all, all.length);
            }
        }
    }

    void steps(int count) {
        for (int i = 0; i < count; i++) {
            stepAt(layer().tokens());
        }
    }

    /** One step; forgets what was at that position and behind. */
    void stepAt(int position) {
        int tokens = position + 1;
        layer().resize(tokens);
        policy.begin(position);
        reference.begin(position);
        selection.begin(tokens);
        if (budget.isDense(tokens)) {
            selection.addRange(0, 0, tokens);
            selection.shareFirst();
        } else {
            policy.select(layer(), NO_QUERIES, selection);
            check(tokens);
        }
        for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
            observe(position, kvHead, selection.positions(kvHead), selection.count(kvHead));
        }
    }

    private void check(int tokens) {
        expected.begin(tokens);
        reference.select(layer(), NO_QUERIES, expected);
        int[][] lists = new int[kvHeads][];
        for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
            lists[kvHead] = list(selection, kvHead);
            assertThat(lists[kvHead]).as("%s tokens", tokens).containsExactly(list(expected, kvHead));
            assertThat(IntStream.of(lists[kvHead]).distinct().sorted().toArray()).isEqualTo(lists[kvHead]);
            assertThat(lists[kvHead]).hasSizeBetween(1, budget.total(tokens)).endsWith(tokens - 1);
            assertThat(lists[kvHead][0]).isNotNegative();
        }
        attended.add(lists);
    }

    private static int[] list(Selection selection, int kvHead) {
        return Arrays.copyOf(selection.positions(kvHead), selection.count(kvHead));
    }

    private void observe(int position, int kvHead, int[] positions, int count) {
        float[] weights = new float[count];
        for (int i = 0; i < count; i++) {
            weights[i] = (1 + random.nextInt(1 << random.nextInt(8))) / 16f;
        }
        if (policy.observes()) {
            policy.observe(position, kvHead, positions, count, weights);
        }
        reference.observe(position, kvHead, positions, count, weights);
    }

    @Override
    public void close() {
        session.close();
    }
}
