package io.alisa.attention;

import java.lang.foreign.Arena;
import java.util.Random;

import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.ScaleCode;
import io.alisa.memory.OffHeap;

/** Blocks of random INT8 keys and values of one KV head, random queries, and the formula in double precision. */
final class RandomInt8 implements AutoCloseable {
    private static final int BLOCKS = 4;

    final AttentionShape shape;
    final Random random;
    final float[] queries;
    final AttentionTile tile;
    private final KvLayout layout;
    private final Arena arena = Arena.ofConfined();
    private final long blocks;

    RandomInt8(AttentionShape shape, double spread, long seed) {
        this.shape = shape;
        random = new Random(seed);
        layout = new KvLayout(KvFormat.INT8, 1, shape.headSize());
        blocks = arena.allocate(BLOCKS * layout.blockBytes(), 64).address();
        Int8Kernels kernels = new ScalarInt8Kernels();
        float[] row = new float[shape.headSize()];
        for (int token = 0; token < BLOCKS * KvLayout.BLOCK_TOKENS; token++) {
            long head = head(token / KvLayout.BLOCK_TOKENS);
            int index = token % KvLayout.BLOCK_TOKENS;
            int rowBytes = KvLayout.int8RowBytes(shape.headSize());
            for (int part = 0; part < 2; part++) {
                gaussians(row, 0, row.length, 1);
                OffHeap.setByte(
                        head + 2L * rowBytes * KvLayout.BLOCK_TOKENS + (long) part * KvLayout.BLOCK_TOKENS + index,
                        kernels.quantise(row, 0, row.length, head + (2L * index + part) * rowBytes));
            }
        }
        queries = new float[shape.floats(1)];
        for (int r = 0; r < shape.groupSize(); r++) {
            gaussians(queries, r * shape.rowStride(), shape.headSize(), spread / Math.sqrt(shape.headSize()));
        }
        tile = new AttentionTile(shape, shape.groupSize());
        tile.begin(queries, 0, shape.groupSize());
    }

    private void gaussians(float[] target, int from, int count, double spread) {
        for (int i = from; i < from + count; i++) {
            target[i] = (float) (random.nextGaussian() * spread);
        }
    }

    private long head(int block) {
        return layout.headAddress(blocks + block * layout.blockBytes(), 0);
    }

    Int8Rows block(int block, int count) {
        Int8Rows rows = new Int8Rows(shape.headSize());
        rows.setBlock(head(block), count);
        return rows;
    }

    /** Tokens from anywhere. */
    Int8Rows gathered(int count) {
        Int8Rows rows = new Int8Rows(shape.headSize());
        for (int i = 0; i < count; i++) {
            rows.add(head(random.nextInt(BLOCKS)), random.nextInt(KvLayout.BLOCK_TOKENS));
        }
        return rows;
    }

    static double key(Int8Rows rows, int row, int channel) {
        return (double) ScaleCode.decode(rows.keyCode[row]) * OffHeap.getByte(rows.address[row] + channel);
    }

    static double value(Int8Rows rows, int row, int channel) {
        return (double) ScaleCode.decode(rows.valueCode[row])
                * OffHeap.getByte(rows.address[row] + rows.rowBytes + channel);
    }

    double score(Int8Rows rows, int row, int queryRow) {
        double dot = 0;
        for (int c = 0; c < shape.headSize(); c++) {
            dot += queries[queryRow * shape.rowStride() + c] * key(rows, row, c);
        }
        return shape.softCap() == 0 ? dot : shape.softCap() * Math.tanh(dot / shape.softCap());
    }

    /** The formula over all the rows together: attention outputs of all query rows. */
    double[] expected(Int8Rows... all) {
        double[] output = new double[queries.length];
        for (int r = 0; r < shape.groupSize(); r++) {
            double max = Double.NEGATIVE_INFINITY;
            for (Int8Rows rows : all) {
                for (int i = 0; i < rows.count(); i++) {
                    max = Math.max(max, score(rows, i, r));
                }
            }
            double sum = 0;
            for (Int8Rows rows : all) {
                for (int i = 0; i < rows.count(); i++) {
                    double weight = Math.exp(score(rows, i, r) - max);
                    sum += weight;
                    for (int c = 0; c < shape.headSize(); c++) {
                        output[r * shape.rowStride() + c] += weight * value(rows, i, c);
                    }
                }
            }
            for (int c = 0; c < shape.headSize(); c++) {
                output[r * shape.rowStride() + c] /= sum;
            }
        }
        return output;
    }

    /** What the tile says, without the padding, in which anything finite may be. */
    float[] output() {
        float[] output = new float[queries.length];
        tile.finish(output, 0);
        for (int r = 0; r < shape.groupSize(); r++) {
            for (int c = shape.headSize(); c < shape.rowStride(); c++) {
                if (!Float.isFinite(output[r * shape.rowStride() + c])) {
                    throw new AssertionError("not finite: padding of row " + r);
                }
                output[r * shape.rowStride() + c] = 0;
            }
        }
        return output;
    }

    @Override
    public void close() {
        arena.close();
    }
}
