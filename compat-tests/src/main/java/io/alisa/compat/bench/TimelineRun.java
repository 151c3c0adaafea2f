package io.alisa.compat.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import io.alisa.Alisa;
import io.alisa.SessionReport;
import io.alisa.compat.scenario.Types;

/**
 * The process {@link Timeline} reads: a prompt, then token after token until the context is long. Every so many tokens one
 * line, {@code tokens, bytes fast, bytes slow, deleted tokens, median milliseconds per token, phase}.
 *
 * <p>Arguments: tokens of the prompt, tokens of the context in the end.
 */
final class TimelineRun {
    /** Tokens from line to line. */
    private static final int WINDOW = 64;

    private TimelineRun() {
    }

    public static void main(String[] arguments) {
        int prompt = Integer.parseInt(arguments[0]);
        int end = Integer.parseInt(arguments[1]);
        AbstractModel model = BenchModels.load(BenchModels.deep(end + 64), Types.F32);
        KvBufferCache.KvBuffer session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
        AbstractTensor<?, ?> logits = model.makeDenseTensor(1, model.getConfig().vocabularySize);
        model.batchForward(BenchModels.tokens(prompt, model.getConfig().vocabularySize), 0, session).close();
        int token = 5;
        double[] millis = new double[WINDOW];
        for (int position = prompt; position < end; position++) {
            long begun = System.nanoTime();
            try (AbstractTensor<?, ?> output = model.forward(token, position, session, Optional.empty())) {
                token = model.sample(output, 0f, 0.5f, logits);
            }
            millis[position % WINDOW] = (System.nanoTime() - begun) / 1e6;
            if (position % WINDOW == WINDOW - 1) {
                print(position + 1, millis);
            }
        }
    }

    private static void print(int tokens, double[] millis) {
        SessionReport report = Alisa.lastSession();
        if (report == null) {
            throw new IllegalStateException("The plugin serves no session");
        }
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        System.out.printf(Locale.ROOT, "%s%d,%d,%d,%d,%.4f,%s%n", Timeline.MARK, tokens, report.fastBytes(),
                report.slowBytes(), report.deletedTokens(), sorted[WINDOW / 2], report.phase());
    }
}
