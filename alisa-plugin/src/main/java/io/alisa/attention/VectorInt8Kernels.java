package io.alisa.attention;

import jdk.incubator.vector.FloatVector;

/**
 * {@link Int8Kernels} in the Vector API.
 *
 * <p>Rows go through {@link VectorInt8Quads}, {@link VectorInt8Scores}, {@link VectorSoftmax} and
 * {@link VectorInt8Values}. As in {@link VectorKernels}, no vector crosses a call that the compiler might not inline.
 */
final class VectorInt8Kernels implements Int8Kernels {
    /** The narrowest vector of bytes has eight. */
    private static final boolean BYTES_FIT = FloatVector.SPECIES_PREFERRED.length() >= 8;

    private static final VectorInt8Stage[] SCORE = {
            (tile, rows) -> VectorInt8Quads.fill(rows),
            VectorInt8Scores::multiply,
            VectorInt8Scores::finish};
    private static final VectorInt8Stage[] ATTEND = {
            SCORE[0],
            SCORE[1],
            SCORE[2],
            VectorInt8Values::weigh,
            VectorInt8Values::addByFour,
            VectorInt8Values::addRest};

    private static final VectorInt8Stage[] ADD_WEIGHTED = {
            VectorInt8Values::takeWeights,
            ATTEND[4],
            ATTEND[5]};

    private final Int8Kernels scalar = new ScalarInt8Kernels();

    @Override
    public int quantise(float[] x, int offset, int channels, long to) {
        return BYTES_FIT ? VectorInt8Rows.quantise(x, offset, channels, to) : scalar.quantise(x, offset, channels, to);
    }

    private static void run(VectorInt8Stage[] stages, AttentionTile tile, Int8Rows rows) {
        VectorInt8Rows.prepare(rows);
        for (VectorInt8Stage stage : stages) {
            stage.run(tile, rows);
        }
    }

    @Override
    public void attend(AttentionTile tile, Int8Rows rows) {
        run(ATTEND, tile, rows);
    }

    @Override
    public void score(AttentionTile tile, Int8Rows rows) {
        run(SCORE, tile, rows);
    }

    @Override
    public void addWeighted(AttentionTile tile, Int8Rows rows) {
        run(ADD_WEIGHTED, tile, rows);
    }

    @Override
    public void dequantise(Int8Rows rows, int headSize, long keys, long values) {
        VectorInt8Rows.prepare(rows);
        VectorInt8Quads.fill(rows);
        VectorInt8Rows.dequantise(rows, headSize, keys, values);
    }

    @Override
    public void mean(Int8Rows rows, int headSize, float[] key, float[] value) {
        VectorInt8Rows.prepare(rows);
        VectorInt8Rows.mean(rows, 0, rows.keyScale, headSize, key);
        VectorInt8Rows.mean(rows, rows.rowBytes, rows.valueScale, headSize, value);
    }

    @Override
    public void sketch(Int8Rows rows, int headSize, float[] mean, long sketch) {
        if (BYTES_FIT) {
            VectorInt8Rows.prepare(rows);
            VectorInt8Quads.fill(rows);
            VectorSketch.write(rows, headSize, mean, sketch);
        } else {
            scalar.sketch(rows, headSize, mean, sketch);
        }
    }

    @Override
    public QuerySketch querySketch(int headSize, int maxRows) {
        return new QuerySketch(headSize, maxRows, VectorLookUps.TABLE);
    }

    @Override
    public void prepare(QuerySketch query, AttentionTile tile) {
        if (BYTES_FIT) {
            VectorQuerySketch.prepare(query, tile);
        } else {
            scalar.prepare(query, tile);
        }
    }

    @Override
    public void estimate(QuerySketch query, long sketch, float[] meanScore, int meanAt, int meanStride, float[] out,
            int to, int rowStride) {
        VectorQuerySketch.estimate(query, sketch, meanScore, meanAt, meanStride, out, to, rowStride);
    }
}
