package io.alisa.compat.quality;

import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import io.alisa.Alisa;
import io.alisa.SessionReport;

import org.jspecify.annotations.Nullable;

/** One KV buffer: a prompt is read densely, then token by token under whatever setting was in force at its first use. */
final class Session implements AutoCloseable {
    private final AbstractModel model;
    private final KvBuffer buffer;
    private @Nullable AbstractTensor<?, ?> output;
    private int position;
    private long steps;
    /** What dense steps would have attended, in all. */
    private long contexts;

    Session(AbstractModel model) {
        this.model = model;
        this.buffer = new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
    }

    /** Reads tokens at once: prefill is dense under every setting. */
    void read(int[] tokens) {
        keep(model.batchForward(tokens, position, buffer));
        position += tokens.length;
    }

    /** Reads one token under the setting. */
    void step(int token) {
        keep(model.forward(token, position, buffer, Optional.empty()));
        position++;
        steps++;
        contexts += position;
    }

    /** The raw scores of the next token. */
    float[] logits() {
        AbstractTensor<?, ?> last = output;
        if (last == null) {
            throw new IllegalStateException("Nothing was read yet");
        }
        float[] logits = new float[model.getConfig().vocabularySize];
        try (AbstractTensor<?, ?> tensor = model.makeDenseTensor(1, logits.length)) {
            model.sample(last.slice(last.shape().first() - 1), 0f, 0.5f, tensor);
            for (int i = 0; i < logits.length; i++) {
                logits[i] = tensor.get(0, i);
            }
        }
        return logits;
    }

    /** Tokens the plugin attended per step; fails where it did not follow the setting. */
    double attended(Setting setting, boolean verify) {
        SessionReport report = Alisa.lastSession();
        if (report == null) {
            throw new QualityException(
                    "The plugin does not serve this model: start the JVM with -javaagent:alisa-plugin.jar; "
                            + Alisa.explain());
        }
        String complaint = SettingCheck.complaint(setting, report.mode(), report.attendedTokensPerStep(),
                contexts / (double) steps);
        if (verify && complaint != null) {
            throw new QualityException(complaint);
        }
        return report.attendedTokensPerStep();
    }

    private void keep(AbstractTensor<?, ?> next) {
        if (output != null) {
            output.close();
        }
        output = next;
    }

    @Override
    public void close() {
        if (output != null) {
            output.close();
            output = null;
        }
        buffer.close();
    }
}
