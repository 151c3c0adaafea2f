package io.alisa.attention;

import io.alisa.cache.KvLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lays the keys of INT8 rows side by side, four channels of a token in an int: vectors of ints then are vectors of
 * tokens.
 *
 * <p>Squares of as many tokens as ints are transposed at a time. The last square of a row reaches into its value, or into the
 * scales that follow the last row of a block.
 */
final class VectorInt8Quads {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = INTS.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    /** What a whole number of {@link #channel} and {@link #top} is to be multiplied by. */
    static final float UNIT = LANES == 16 ? 0x1p-24f : 1f;

    /** A quad's lowest byte is moved to the top of the int by reading that much further ahead. */
    private static final int TOP = Integer.BYTES - 1;

    private VectorInt8Quads() {
    }

    /** Fills {@link Int8Rows#quads} for all 64 places. */
    static void fill(Int8Rows rows) {
        for (int quad = 0; quad < rows.rowBytes / Integer.BYTES; quad += LANES) {
            for (int t = 0; t < TOKENS; t += LANES) {
                int to = Int8Rows.LEAD + quad * Int8Rows.QUAD_BYTES + t * Integer.BYTES;
                if (LANES == 16) {
                    VectorTransposition.square16(rows.address, t, (long) quad * Integer.BYTES, rows.quads, to);
                } else if (LANES == 8) {
                    VectorTransposition.square8(rows.address, t, (long) quad * Integer.BYTES, rows.quads, to);
                } else {
                    VectorTransposition.square4(rows.address, t, (long) quad * Integer.BYTES, rows.quads, to);
                }
            }
        }
    }

    /** Where {@link #channel} finds the first token of a channel. */
    static int channelAt(int channel) {
        return Int8Rows.LEAD + (channel >> 2) * Int8Rows.QUAD_BYTES + (channel & 3) - TOP;
    }

    /**
     * A channel of some tokens, in parts of {@link #UNIT}: reading the ints so that the channel is their top byte costs less
     * than moving it there.
     *
     * @param at {@link #channelAt} and four bytes for every token before the first
     */
    static FloatVector channel(byte[] quads, int at) {
        return top(ByteVector.fromArray(ByteVector.SPECIES_PREFERRED, quads, at).reinterpretAsInts());
    }

    /**
     * The top bytes of some ints, in parts of {@link #UNIT}. Where there are 32 registers one holds a mask, which more units of
     * a processor can apply than can shift; where there are 16 the mask would come from memory each time.
     */
    static FloatVector top(IntVector x) {
        IntVector top = LANES == 16
                ? x.lanewise(VectorOperators.AND, IntVector.broadcast(INTS, 0xFF000000))
                : x.lanewise(VectorOperators.ASHR, Integer.SIZE - Byte.SIZE);
        return (FloatVector) top.convertShape(VectorOperators.I2F, FloatVector.SPECIES_PREFERRED, 0);
    }
}
