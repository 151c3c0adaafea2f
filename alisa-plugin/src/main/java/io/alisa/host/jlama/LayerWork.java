package io.alisa.host.jlama;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.safetensors.Config;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import io.alisa.attention.AttentionShape;

/** What one layer's attention writes to on its way, for a batch of one size; reused by all layers and steps. */
final class LayerWork {
    private final int batch;
    final TensorShape hidden;
    final AbstractTensor<?, ?> query;
    final AbstractTensor<?, ?> key;
    final AbstractTensor<?, ?> value;
    final AbstractTensor<?, ?> attended;

    /** Kernel inputs and outputs, in the order of {@link AttentionShape#row}. */
    final float[] queries;
    final float[] outputs;

    LayerWork(AbstractModel model, AttentionShape shape, int batch) {
        Config config = model.getConfig();
        DType type = model.getWorkingDType();
        int attentionLength = config.numberOfHeads * config.headSize;
        this.batch = batch;
        this.hidden = JlamaSession.hiddenShape(model, batch);
        this.query = AbstractTensor.make(type, TensorShape.of(batch, attentionLength));
        this.key = AbstractTensor.make(type, TensorShape.of(batch, config.kvLength));
        this.value = AbstractTensor.make(type, TensorShape.of(batch, config.kvLength));
        this.attended = AbstractTensor.make(type, TensorShape.of(batch, attentionLength));
        this.queries = new float[shape.floats(batch)];
        this.outputs = new float[shape.floats(batch)];
    }

    int batch() {
        return batch;
    }
}
