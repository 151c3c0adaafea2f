package io.alisa.attention;

import static io.alisa.attention.VectorMemory.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernels in the Vector API.
 *
 * <p>A block goes through three steps: {@link VectorScores}, {@link VectorSoftmax}, {@link VectorValues}. Four query
 * rows are worked on together and share every load of a key or value. No vector crosses a call that the compiler might
 * not inline: it would be allocated on the heap.
 */
public final class VectorKernels implements AttentionKernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private static final VectorStage[] STAGES = {
            (tile, keys, values, tokens) -> VectorScores.compute(tile, keys, tokens),
            (tile, keys, values, tokens) -> weigh(tile),
            VectorKernels::addByFour,
            VectorKernels::addRest};

    /** Throws where the machine's vectors do not fit the layout: fewer than 4 or more than 16 floats. */
    public VectorKernels() {
        if (LANES < 4 || LANES > 16) {
            throw new UnsupportedOperationException("vectors of " + LANES + " floats are not supported");
        }
    }

    @Override
    public String name() {
        return "vector (" + SPECIES.vectorBitSize() + " bit)";
    }

    @Override
    public void rotate(float[] x, int offset, int headSize, float[] cos, float[] sin, int row) {
        int half = headSize / 2;
        int i = 0;
        for (; i <= half - LANES; i += LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, x, offset + i);
            FloatVector b = FloatVector.fromArray(SPECIES, x, offset + half + i);
            FloatVector c = FloatVector.fromArray(SPECIES, cos, row + i);
            FloatVector s = FloatVector.fromArray(SPECIES, sin, row + i);
            // No fused multiply: the host rounds each product.
            a.mul(c).sub(b.mul(s)).intoArray(x, offset + i);
            a.mul(s).add(b.mul(c)).intoArray(x, offset + half + i);
        }
        for (; i < half; i++) {
            float a = x[offset + i];
            float b = x[offset + half + i];
            x[offset + i] = a * cos[row + i] - b * sin[row + i];
            x[offset + half + i] = a * sin[row + i] + b * cos[row + i];
        }
    }

    @Override
    public void attend(AttentionTile tile, long keys, long values, int tokens) {
        for (VectorStage stage : STAGES) {
            stage.run(tile, keys, values, tokens);
        }
    }

    @Override
    public void score(AttentionTile tile, long keys, int tokens) {
        VectorScores.compute(tile, keys, tokens);
    }

    private static void weigh(AttentionTile tile) {
        for (int row = 0; row < tile.rows; row++) {
            VectorSoftmax.capAndHide(tile, row);
            tile.kept[row] = VectorSoftmax.raise(tile, row, VectorSoftmax.end(tile, row));
        }
        for (int row = 0; row < tile.rows; row++) {
            VectorSoftmax.weigh(tile, row, tile.kept[row], VectorSoftmax.end(tile, row));
        }
    }

    private static void addByFour(AttentionTile tile, long keys, long values, int tokens) {
        for (int row = 0; row + 4 <= tile.rows; row += 4) {
            VectorValues.addTo4(tile, row, values, tokens);
        }
    }

    private static void addRest(AttentionTile tile, long keys, long values, int tokens) {
        for (int row = tile.rows & ~3; row < tile.rows; row++) {
            VectorValues.addTo1(tile, row, values, tokens);
        }
    }

    @Override
    public void preload(AttentionTile tile, long address, long bytes) {
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = even;
        long end = address + bytes;
        for (; address + 256 <= end; address += 256) {
            even = even.add(load(address));
            odd = odd.add(load(address + 64));
            even = even.add(load(address + 128));
            odd = odd.add(load(address + 192));
        }
        for (; address + 64 <= end; address += 64) { // nothing behind it: that may be nobody's memory
            even = even.add(load(address));
        }
        even.intoArray(tile.preloaded, 0);
        odd.intoArray(tile.preloaded, LANES);
    }

    @Override
    public OrderedKernels ordered() {
        return new VectorOrderedKernels();
    }

    @Override
    public Int8Kernels int8() {
        return new VectorInt8Kernels();
    }
}
