package io.alisa.chat;

import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import org.jspecify.annotations.Nullable;

/**
 * One KV buffer and the host's forward passes over it. The host's own {@code generate} closes the buffer with every
 * reply and counts positions from the reply alone, so a second turn needs this.
 */
final class Decoder implements AutoCloseable {
    /** As many tokens as the host itself takes at once. */
    static final int CHUNK = Integer.getInteger("jlama.max_batch_size", 256);

    private final AbstractModel model;
    private final UUID id;
    private final KvBufferCache cache;
    private final KvBufferCache.KvBuffer kv;
    private final AbstractTensor<?, ?> logits;
    private @Nullable AbstractTensor<?, ?> output;
    private int position;

    Decoder(AbstractModel model) {
        this(model, UUID.randomUUID(), 0);
    }

    /**
     * Goes on with a session that was restored.
     *
     * @param restored its id
     * @param read     tokens whose keys and values are there
     */
    Decoder(AbstractModel model, UUID restored, int read) {
        this.model = model;
        this.id = restored;
        this.position = read;
        this.cache = new KvBufferCache(model);
        this.kv = cache.getKvBuffer(id);
        this.logits = model.makeDenseTensor(1, model.getConfig().vocabularySize);
    }

    /** By which the plugin knows what was read. */
    UUID id() {
        return id;
    }

    /** Tokens whose keys and values are in the buffer. */
    int position() {
        return position;
    }

    /** Reads at most {@link #CHUNK} tokens at once. */
    void prefill(int[] ids, int from, int to) {
        keep(model.batchForward(Arrays.copyOfRange(ids, from, to), position, kv));
        position += to - from;
    }

    /** Reads one token. */
    void step(int id) {
        keep(model.forward(id, position, kv, Optional.empty()));
        position++;
    }

    /** The next token after the last one read; {@code uniform} decides unless the temperature is 0. */
    int sample(float temperature, float uniform) {
        AbstractTensor<?, ?> last = output;
        if (last == null) {
            throw new IllegalStateException("Nothing was read yet");
        }
        int id = model.sample(last.slice(last.shape().first() - 1), temperature, uniform, logits);
        if (id < 0) {
            throw new UserError("The host computed no usable numbers with this model and these types; "
                    + "use --type F32 and no --quantize");
        }
        return id;
    }

    private void keep(AbstractTensor<?, ?> next) {
        if (output != null) {
            output.close();
        }
        output = next;
        kv.setCurrentContextPosition(position);
    }

    @Override
    public void close() {
        if (output != null) {
            output.close();
            output = null;
        }
        logits.close();
        cache.close();
    }
}
