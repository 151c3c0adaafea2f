package io.alisa.host.jlama;

import java.nio.ByteOrder;
import java.nio.ShortBuffer;

import com.github.tjake.jlama.math.VectorMath;
import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.BFloat16BufferTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import io.alisa.attention.RotaryTable;
import io.alisa.cache.KvLayer;
import io.alisa.cache.KvLayout;
import io.alisa.host.ModelShape;
import io.alisa.memory.OffHeap;
import net.jafama.FastMath;

/**
 * Attention for BF16 models, by the host's own operations over our blocks.
 *
 * <p>With a BF16 working type the host rounds scores, weights and every partial sum to eight bits, some up, some
 * down, and copies only half of each row into its cache. More exact arithmetic would say something else than the
 * host says; the only way to say the same is to use its operations, in its order. So this is as fast as the host,
 * not faster: for speed load the model with working type F32.
 */
final class HostArithmetic {
    private HostArithmetic() {
    }

    static void run(JlamaSession session, AbstractModel model, KvLayer layer, LayerWork work, int start) {
        for (int i = 0; i < work.batch(); i++) {
            int position = start + i;
            AbstractTensor<?, ?> query = work.query.slice(i);
            AbstractTensor<?, ?> attended = work.attended.slice(i);
            attended.clear();
            store(layer, position, work.key.slice(i), work.value.slice(i));
            rotate(session, model.getConfig(), position, query, row(layer, position, 0));
            attend(session.shape(), model, layer, position, query, attended);
        }
    }

    private static void store(KvLayer layer, int position, AbstractTensor<?, ?> key,
            AbstractTensor<?, ?> value) {
        int length = key.shape().last();
        row(layer, position, 0).copyFrom(key, 0, 0, length);
        row(layer, position, 1).copyFrom(value, 0, 0, length);
    }

    /** The host rotates KV head {@code h} and its queries as if they stood {@code 2h} positions later. */
    private static void rotate(JlamaSession session, Config config, int position,
            AbstractTensor<?, ?> query, AbstractTensor<?, ?> key) {
        RotaryTable rotary = session.rotary();
        if (rotary == null) {
            return;
        }
        ModelShape shape = session.shape();
        rotary.prepare(position, 2 * shape.kvHeads() - 1);
        for (int head = shape.firstHead(); head < shape.endHead(); head++) {
            rotateHead(rotary, query, head, position + 2 * config.maybeMapToGroupHead(head), config.headSize);
        }
        for (int head = 0; head < shape.kvHeads(); head++) {
            rotateHead(rotary, key, head, position + 2 * head, config.headSize);
        }
    }

    private static void rotateHead(RotaryTable rotary, AbstractTensor<?, ?> x, int head, int tableRow,
            int headSize) {
        int half = headSize / 2;
        int row = rotary.offset(tableRow);
        for (int i = 0; i < half; i++) {
            int a = head * headSize + i;
            int b = a + half;
            float xa = x.get(0, a);
            float xb = x.get(0, b);
            float cos = rotary.cos()[row + i];
            float sin = rotary.sin()[row + i];
            x.set(xa * cos - xb * sin, 0, a);
            x.set(xa * sin + xb * cos, 0, b);
        }
    }

    private static void attend(ModelShape shape, AbstractModel model, KvLayer layer, int position,
            AbstractTensor<?, ?> query, AbstractTensor<?, ?> attended) {
        int tokens = position + 1;
        int blocks = KvLayout.blocks(tokens);
        AbstractTensor<?, ?>[] keys = blocks(layer, blocks, 0);
        AbstractTensor<?, ?>[] values = blocks(layer, blocks, 1);
        TensorOperations operations = TensorOperationsProvider.get();
        VectorMath.pfor(shape.firstHead(), shape.endHead(), head -> {
            int kvColumn = model.getConfig().maybeMapToGroupHead(head) * shape.headSize();
            int column = head * shape.headSize();
            try (AbstractTensor<?, ?> weights = model.makeDenseTensor(1, blocks * KvLayout.BLOCK_TOKENS)) {
                for (int b = 0; b < blocks; b++) {
                    operations.batchDotProduct(weights, query, keys[b], column, kvColumn, shape.headSize(),
                            b * KvLayout.BLOCK_TOKENS, 0, tokensOf(b, tokens));
                }
                operations.scale(shape.scale(), weights, 0, tokens);
                cap(weights, tokens, shape.softCap());
                VectorMath.softMax(weights, 0, tokens);
                for (int b = 0; b < blocks; b++) {
                    operations.saxpy(weights, values[b], attended, kvColumn, column, shape.headSize(),
                            b * KvLayout.BLOCK_TOKENS, 0, tokensOf(b, tokens));
                }
            }
        });
    }

    private static void cap(AbstractTensor<?, ?> scores, int tokens, float softCap) {
        if (softCap != 0) {
            for (int t = 0; t < tokens; t++) {
                float x = scores.get(0, t) / softCap;
                scores.set((float) FastMath.tanh(x) * softCap, 0, t);
            }
        }
    }

    private static int tokensOf(int block, int tokens) {
        return Math.min(KvLayout.BLOCK_TOKENS, tokens - block * KvLayout.BLOCK_TOKENS);
    }

    private static AbstractTensor<?, ?>[] blocks(KvLayer layer, int count, int keysOrValues) {
        AbstractTensor<?, ?>[] tensors = new AbstractTensor<?, ?>[count];
        for (int b = 0; b < count; b++) {
            tensors[b] = tensor(layer.layout(), layer.block(b) + keysOrValues * layer.layout().keyBytes(),
                    KvLayout.BLOCK_TOKENS);
        }
        return tensors;
    }

    private static AbstractTensor<?, ?> row(KvLayer layer, int position, int keysOrValues) {
        KvLayout layout = layer.layout();
        return tensor(layout, layer.block(position / KvLayout.BLOCK_TOKENS) + keysOrValues * layout.keyBytes()
                + position % KvLayout.BLOCK_TOKENS * layout.rowBytes(), 1);
    }

    private static AbstractTensor<?, ?> tensor(KvLayout layout, long address, int rows) {
        ShortBuffer buffer = OffHeap.ALL.asSlice(address, rows * layout.rowBytes()).asByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        return new BFloat16BufferTensor("alisa", buffer,
                TensorShape.of(rows, layout.kvHeads() * layout.headSize()), rows > 1);
    }
}
