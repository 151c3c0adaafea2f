package io.alisa.attention;

/**
 * Cosines and sines of the rotary position embedding for a run of positions, flat, ready for the kernels.
 *
 * <p>The host keeps them as pairs and rotates head group {@code g} as if it stood {@code 2g} positions later, so the
 * last positions of a context run past its table and it fails there. Here those rows are made from rows it has, by
 * the sum of angles: the context can be used to its end.
 *
 * <p>Not thread-safe: owned by one session.
 */
public final class RotaryTable {
    private final float[][] pairs;
    private final int half;
    private final int hostRows;

    private float[] cos = {};
    private float[] sin = {};
    private int firstRow = -1;
    private int rows;

    /**
     * @param pairs    {@code pairs[position * half + i]} holds cosine and sine
     * @param headSize channels of a head; {@code half} is half of it
     */
    public RotaryTable(float[][] pairs, int headSize) {
        this.pairs = pairs;
        this.half = headSize / 2;
        this.hostRows = pairs.length / half;
    }

    /** Makes rows {@code first} to {@code first + count} available; free when they already are. */
    public void prepare(int first, int count) {
        if (first == firstRow && count <= rows) {
            return;
        }
        if (count * half > cos.length) {
            cos = new float[count * half];
            sin = new float[count * half];
        }
        for (int r = 0; r < count; r++) {
            fill(first + r, r * half);
        }
        firstRow = first;
        rows = count;
    }

    private void fill(int row, int to) {
        int last = hostRows - 1;
        for (int i = 0; i < half; i++) {
            if (row <= last) {
                cos[to + i] = pairs[row * half + i][0];
                sin[to + i] = pairs[row * half + i][1];
            } else {
                float[] a = pairs[last * half + i];
                float[] b = pairs[(row - last) * half + i];
                cos[to + i] = a[0] * b[0] - a[1] * b[1];
                sin[to + i] = a[1] * b[0] + a[0] * b[1];
            }
        }
    }

    public float[] cos() {
        return cos;
    }

    public float[] sin() {
        return sin;
    }

    /** Index of a prepared row in {@link #cos()} and {@link #sin()}. */
    public int offset(int row) {
        return (row - firstRow) * half;
    }
}
