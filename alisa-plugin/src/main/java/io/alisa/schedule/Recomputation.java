package io.alisa.schedule;

/**
 * From what a deleted token's keys and values come back. The paper says that they are recomputed (section V-B), not from
 * what: both ways are ours.
 */
public enum Recomputation {
    /**
     * {@code K, V = X W}: each layer's input X is kept in the slow tier instead. X is {@code hidden} values, keys and
     * values together are {@code 2 * h_kv}: with grouped heads, or in INT8, there is nothing to save.
     */
    PROJECT(false) {
        @Override
        public double slowBytes(ByteModel bytes) {
            ModelDimensions model = bytes.model();
            return (double) bytes.sequences() * model.layers() * model.hidden() * bytes.precision().inputBytes();
        }

        @Override
        public double fastBytes(ByteModel bytes) {
            return 0;
        }

        @Override
        public double multiplyAdds(ByteModel bytes, double tokens) {
            ModelDimensions model = bytes.model();
            return 2.0 * bytes.sequences() * model.layers() * model.hidden() * model.kvWidth();
        }
    },
    /**
     * The token ids run through the model again, layer by layer in step with the decoding of the new token: one hidden
     * state per deleted token and one layer's keys and values of them are in the fast tier at a time. A later token
     * depends on the earlier ones, so all of them run whenever one is wanted.
     */
    REPLAY(true) {
        @Override
        public double slowBytes(ByteModel bytes) {
            return 0;
        }

        @Override
        public double fastBytes(ByteModel bytes) {
            return (double) bytes.sequences() * bytes.model().hidden() * Float.BYTES + bytes.layerRowBytes();
        }

        // The weights, and attention: a token in the middle of the context attends half of it, key and value.
        @Override
        public double multiplyAdds(ByteModel bytes, double tokens) {
            ModelDimensions model = bytes.model();
            return bytes.sequences()
                    * (model.parameters() + (double) model.layers() * model.heads() * model.headSize() * tokens);
        }
    };

    private final boolean all;

    Recomputation(boolean all) {
        this.all = all;
    }

    /** Whether all deleted tokens are recomputed when one is wanted. */
    public boolean all() {
        return all;
    }

    /** Bytes a deleted token keeps in the slow tier; they are read when it is recomputed. */
    public abstract double slowBytes(ByteModel bytes);

    /** Bytes a deleted token takes in the fast tier while it is recomputed, which may be every step. */
    public abstract double fastBytes(ByteModel bytes);

    /** Multiply-adds to recompute one token in a context of {@code tokens}. */
    public abstract double multiplyAdds(ByteModel bytes, double tokens);

    /** What deleting a token saves; zero or less: nothing. */
    public double savedBytes(ByteModel bytes) {
        return bytes.rowBytes() - slowBytes(bytes) - fastBytes(bytes);
    }
}
