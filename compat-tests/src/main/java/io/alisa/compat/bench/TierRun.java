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
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;

/**
 * The process {@link TierBench} reads: decodes token after token in a context of random keys and values and prints one
 * line, {@code median milliseconds, bytes loaded and stall milliseconds per token, bytes fast, bytes slow, phase}.
 *
 * <p>Arguments: the type of the weights, tokens in the context.
 */
final class TierRun {
    private static final int WARM_UP = Sizes.QUICK ? 10 : 150;
    private static final int MEASURED = Sizes.QUICK ? 10 : 200;

    private TierRun() {
    }

    public static void main(String[] arguments) {
        WeightType weights = WeightType.valueOf(arguments[0]);
        int tokens = Integer.parseInt(arguments[1]);
        TinyModel shape = TierBench.model(tokens + WARM_UP + MEASURED + 64).weights(weights);
        AbstractModel model = BenchModels.load(shape, weights == WeightType.F32 ? Types.F32 : Types.F32_I8);
        KvBufferCache.KvBuffer session = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
        AbstractTensor<?, ?> logits = model.makeDenseTensor(1, shape.vocab());
        int token = 5;
        model.forward(token, 0, session, Optional.empty()).close();
        HostKv.fill(session, model.getConfig(), tokens);
        double[] millis = new double[MEASURED];
        SessionReport before = report();
        for (int step = 0; step < WARM_UP + MEASURED; step++) {
            if (step == WARM_UP) {
                before = report();
            }
            long begun = System.nanoTime();
            try (AbstractTensor<?, ?> output = model.forward(token, tokens + step, session, Optional.empty())) {
                token = model.sample(output, 0f, 0.5f, logits);
            }
            if (step >= WARM_UP) {
                millis[step - WARM_UP] = (System.nanoTime() - begun) / 1e6;
            }
        }
        SessionReport after = report();
        Arrays.sort(millis);
        System.out.printf(Locale.ROOT, "%s%.3f,%d,%.3f,%d,%d,%s%n", TierBench.MARK, millis[MEASURED / 2],
                (after.loadedBytes() - before.loadedBytes()) / MEASURED,
                (after.stallNanos() - before.stallNanos()) / 1e6 / MEASURED, after.fastBytes(), after.slowBytes(),
                after.phase());
    }

    private static SessionReport report() {
        SessionReport report = Alisa.lastSession();
        if (report == null) {
            throw new IllegalStateException("The plugin serves no session");
        }
        return report;
    }
}
