package io.alisa.attention;

import static io.alisa.attention.VectorMemory.loadInts;

import io.alisa.cache.KvLayout;
import io.alisa.memory.OffHeap;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lays the keys of INT8 rows side by side, four channels of a token in an int: vectors of ints then are vectors of
 * tokens.
 *
 * <p>Squares of as many tokens as ints are transposed in registers, by exchanging ever smaller blocks of each two
 * vectors. The last square of a row reaches into its value, or into the scales that follow the last row of a block.
 */
final class VectorInt8Quads {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = INTS.length();
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;

    private static final IntVector FIRST8 = pick(8, 0);
    private static final IntVector SECOND8 = pick(8, 1);
    private static final IntVector FIRST4 = pick(4, 0);
    private static final IntVector SECOND4 = pick(4, 1);
    private static final IntVector FIRST2 = pick(2, 0);
    private static final IntVector SECOND2 = pick(2, 1);
    private static final IntVector FIRST1 = pick(1, 0);
    private static final IntVector SECOND1 = pick(1, 1);

    /** A quad's lowest byte is moved to the top of the int by reading that much further ahead. */
    private static final int TOP = Integer.BYTES - 1;

    private VectorInt8Quads() {
    }

    /** Where the first (second) vector of a pair finds its lanes, when blocks of lanes change places between the two. */
    private static IntVector pick(int block, int second) {
        int[] lanes = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            int lane = (i & ~block) + second * block;
            lanes[i] = (i & block) == 0 ? lane : LANES + lane;
        }
        return IntVector.fromArray(INTS, lanes, 0);
    }

    /** Fills {@link Int8Rows#quads} for all 64 places. */
    static void fill(Int8Rows rows) {
        for (int quad = 0; quad < rows.rowBytes / Integer.BYTES; quad += LANES) {
            for (int t = 0; t < TOKENS; t += LANES) {
                int to = Int8Rows.LEAD + quad * Int8Rows.QUAD_BYTES + t * Integer.BYTES;
                if (LANES == 16) {
                    transpose16(rows.address, t, (long) quad * Integer.BYTES, rows.quads, to);
                } else if (LANES == 8) {
                    transpose8(rows.address, t, (long) quad * Integer.BYTES, rows.quads, to);
                } else {
                    copy(rows.address, t, (long) quad * Integer.BYTES, rows.quads, to);
                }
            }
        }
    }

    private static void copy(long[] address, int t, long at, byte[] quads, int to) {
        for (int i = 0; i < LANES; i++) {
            for (int b = 0; b < LANES * Integer.BYTES; b++) {
                quads[to + b / Integer.BYTES * Int8Rows.QUAD_BYTES + i * Integer.BYTES + b % Integer.BYTES] = OffHeap
                        .getByte(address[t + i] + at + b);
            }
        }
    }

    /** Where {@link #channel} finds the first token of a channel. */
    static int channelAt(int channel) {
        return Int8Rows.LEAD + (channel >> 2) * Int8Rows.QUAD_BYTES + (channel & 3) - TOP;
    }

    /**
     * A channel of some tokens, times 2^24: reading the ints so that the channel is their top byte costs less than
     * moving it there.
     *
     * @param at {@link #channelAt} and four bytes for every token before the first
     */
    static FloatVector channel(byte[] quads, int at) {
        return top(ByteVector.fromArray(ByteVector.SPECIES_PREFERRED, quads, at).reinterpretAsInts());
    }

    /** The top bytes of some ints, times 2^24. */
    static FloatVector top(IntVector x) {
        return (FloatVector) x.lanewise(VectorOperators.AND, IntVector.broadcast(INTS, 0xFF000000))
                .convertShape(VectorOperators.I2F, FloatVector.SPECIES_PREFERRED, 0);
    }

    private static void transpose16(long[] address, int t, long at, byte[] quads, int to) {
        IntVector r0 = loadInts(address[t] + at);
        IntVector r1 = loadInts(address[t + 1] + at);
        IntVector r2 = loadInts(address[t + 2] + at);
        IntVector r3 = loadInts(address[t + 3] + at);
        IntVector r4 = loadInts(address[t + 4] + at);
        IntVector r5 = loadInts(address[t + 5] + at);
        IntVector r6 = loadInts(address[t + 6] + at);
        IntVector r7 = loadInts(address[t + 7] + at);
        IntVector r8 = loadInts(address[t + 8] + at);
        IntVector r9 = loadInts(address[t + 9] + at);
        IntVector r10 = loadInts(address[t + 10] + at);
        IntVector r11 = loadInts(address[t + 11] + at);
        IntVector r12 = loadInts(address[t + 12] + at);
        IntVector r13 = loadInts(address[t + 13] + at);
        IntVector r14 = loadInts(address[t + 14] + at);
        IntVector r15 = loadInts(address[t + 15] + at);
        IntVector x;
        x = FIRST8.selectFrom(r0, r8);
        r8 = SECOND8.selectFrom(r0, r8);
        r0 = x;
        x = FIRST8.selectFrom(r1, r9);
        r9 = SECOND8.selectFrom(r1, r9);
        r1 = x;
        x = FIRST8.selectFrom(r2, r10);
        r10 = SECOND8.selectFrom(r2, r10);
        r2 = x;
        x = FIRST8.selectFrom(r3, r11);
        r11 = SECOND8.selectFrom(r3, r11);
        r3 = x;
        x = FIRST8.selectFrom(r4, r12);
        r12 = SECOND8.selectFrom(r4, r12);
        r4 = x;
        x = FIRST8.selectFrom(r5, r13);
        r13 = SECOND8.selectFrom(r5, r13);
        r5 = x;
        x = FIRST8.selectFrom(r6, r14);
        r14 = SECOND8.selectFrom(r6, r14);
        r6 = x;
        x = FIRST8.selectFrom(r7, r15);
        r15 = SECOND8.selectFrom(r7, r15);
        r7 = x;
        x = FIRST4.selectFrom(r0, r4);
        r4 = SECOND4.selectFrom(r0, r4);
        r0 = x;
        x = FIRST4.selectFrom(r1, r5);
        r5 = SECOND4.selectFrom(r1, r5);
        r1 = x;
        x = FIRST4.selectFrom(r2, r6);
        r6 = SECOND4.selectFrom(r2, r6);
        r2 = x;
        x = FIRST4.selectFrom(r3, r7);
        r7 = SECOND4.selectFrom(r3, r7);
        r3 = x;
        x = FIRST4.selectFrom(r8, r12);
        r12 = SECOND4.selectFrom(r8, r12);
        r8 = x;
        x = FIRST4.selectFrom(r9, r13);
        r13 = SECOND4.selectFrom(r9, r13);
        r9 = x;
        x = FIRST4.selectFrom(r10, r14);
        r14 = SECOND4.selectFrom(r10, r14);
        r10 = x;
        x = FIRST4.selectFrom(r11, r15);
        r15 = SECOND4.selectFrom(r11, r15);
        r11 = x;
        x = FIRST2.selectFrom(r0, r2);
        r2 = SECOND2.selectFrom(r0, r2);
        r0 = x;
        x = FIRST2.selectFrom(r1, r3);
        r3 = SECOND2.selectFrom(r1, r3);
        r1 = x;
        x = FIRST2.selectFrom(r4, r6);
        r6 = SECOND2.selectFrom(r4, r6);
        r4 = x;
        x = FIRST2.selectFrom(r5, r7);
        r7 = SECOND2.selectFrom(r5, r7);
        r5 = x;
        x = FIRST2.selectFrom(r8, r10);
        r10 = SECOND2.selectFrom(r8, r10);
        r8 = x;
        x = FIRST2.selectFrom(r9, r11);
        r11 = SECOND2.selectFrom(r9, r11);
        r9 = x;
        x = FIRST2.selectFrom(r12, r14);
        r14 = SECOND2.selectFrom(r12, r14);
        r12 = x;
        x = FIRST2.selectFrom(r13, r15);
        r15 = SECOND2.selectFrom(r13, r15);
        r13 = x;
        x = FIRST1.selectFrom(r0, r1);
        r1 = SECOND1.selectFrom(r0, r1);
        r0 = x;
        x = FIRST1.selectFrom(r2, r3);
        r3 = SECOND1.selectFrom(r2, r3);
        r2 = x;
        x = FIRST1.selectFrom(r4, r5);
        r5 = SECOND1.selectFrom(r4, r5);
        r4 = x;
        x = FIRST1.selectFrom(r6, r7);
        r7 = SECOND1.selectFrom(r6, r7);
        r6 = x;
        x = FIRST1.selectFrom(r8, r9);
        r9 = SECOND1.selectFrom(r8, r9);
        r8 = x;
        x = FIRST1.selectFrom(r10, r11);
        r11 = SECOND1.selectFrom(r10, r11);
        r10 = x;
        x = FIRST1.selectFrom(r12, r13);
        r13 = SECOND1.selectFrom(r12, r13);
        r12 = x;
        x = FIRST1.selectFrom(r14, r15);
        r15 = SECOND1.selectFrom(r14, r15);
        r14 = x;
        r0.reinterpretAsBytes().intoArray(quads, to);
        r1.reinterpretAsBytes().intoArray(quads, to + Int8Rows.QUAD_BYTES);
        r2.reinterpretAsBytes().intoArray(quads, to + 2 * Int8Rows.QUAD_BYTES);
        r3.reinterpretAsBytes().intoArray(quads, to + 3 * Int8Rows.QUAD_BYTES);
        r4.reinterpretAsBytes().intoArray(quads, to + 4 * Int8Rows.QUAD_BYTES);
        r5.reinterpretAsBytes().intoArray(quads, to + 5 * Int8Rows.QUAD_BYTES);
        r6.reinterpretAsBytes().intoArray(quads, to + 6 * Int8Rows.QUAD_BYTES);
        r7.reinterpretAsBytes().intoArray(quads, to + 7 * Int8Rows.QUAD_BYTES);
        r8.reinterpretAsBytes().intoArray(quads, to + 8 * Int8Rows.QUAD_BYTES);
        r9.reinterpretAsBytes().intoArray(quads, to + 9 * Int8Rows.QUAD_BYTES);
        r10.reinterpretAsBytes().intoArray(quads, to + 10 * Int8Rows.QUAD_BYTES);
        r11.reinterpretAsBytes().intoArray(quads, to + 11 * Int8Rows.QUAD_BYTES);
        r12.reinterpretAsBytes().intoArray(quads, to + 12 * Int8Rows.QUAD_BYTES);
        r13.reinterpretAsBytes().intoArray(quads, to + 13 * Int8Rows.QUAD_BYTES);
        r14.reinterpretAsBytes().intoArray(quads, to + 14 * Int8Rows.QUAD_BYTES);
        r15.reinterpretAsBytes().intoArray(quads, to + 15 * Int8Rows.QUAD_BYTES);
    }

    private static void transpose8(long[] address, int t, long at, byte[] quads, int to) {
        IntVector r0 = loadInts(address[t] + at);
        IntVector r1 = loadInts(address[t + 1] + at);
        IntVector r2 = loadInts(address[t + 2] + at);
        IntVector r3 = loadInts(address[t + 3] + at);
        IntVector r4 = loadInts(address[t + 4] + at);
        IntVector r5 = loadInts(address[t + 5] + at);
        IntVector r6 = loadInts(address[t + 6] + at);
        IntVector r7 = loadInts(address[t + 7] + at);
        IntVector x;
        x = FIRST4.selectFrom(r0, r4);
        r4 = SECOND4.selectFrom(r0, r4);
        r0 = x;
        x = FIRST4.selectFrom(r1, r5);
        r5 = SECOND4.selectFrom(r1, r5);
        r1 = x;
        x = FIRST4.selectFrom(r2, r6);
        r6 = SECOND4.selectFrom(r2, r6);
        r2 = x;
        x = FIRST4.selectFrom(r3, r7);
        r7 = SECOND4.selectFrom(r3, r7);
        r3 = x;
        x = FIRST2.selectFrom(r0, r2);
        r2 = SECOND2.selectFrom(r0, r2);
        r0 = x;
        x = FIRST2.selectFrom(r1, r3);
        r3 = SECOND2.selectFrom(r1, r3);
        r1 = x;
        x = FIRST2.selectFrom(r4, r6);
        r6 = SECOND2.selectFrom(r4, r6);
        r4 = x;
        x = FIRST2.selectFrom(r5, r7);
        r7 = SECOND2.selectFrom(r5, r7);
        r5 = x;
        x = FIRST1.selectFrom(r0, r1);
        r1 = SECOND1.selectFrom(r0, r1);
        r0 = x;
        x = FIRST1.selectFrom(r2, r3);
        r3 = SECOND1.selectFrom(r2, r3);
        r2 = x;
        x = FIRST1.selectFrom(r4, r5);
        r5 = SECOND1.selectFrom(r4, r5);
        r4 = x;
        x = FIRST1.selectFrom(r6, r7);
        r7 = SECOND1.selectFrom(r6, r7);
        r6 = x;
        r0.reinterpretAsBytes().intoArray(quads, to);
        r1.reinterpretAsBytes().intoArray(quads, to + Int8Rows.QUAD_BYTES);
        r2.reinterpretAsBytes().intoArray(quads, to + 2 * Int8Rows.QUAD_BYTES);
        r3.reinterpretAsBytes().intoArray(quads, to + 3 * Int8Rows.QUAD_BYTES);
        r4.reinterpretAsBytes().intoArray(quads, to + 4 * Int8Rows.QUAD_BYTES);
        r5.reinterpretAsBytes().intoArray(quads, to + 5 * Int8Rows.QUAD_BYTES);
        r6.reinterpretAsBytes().intoArray(quads, to + 6 * Int8Rows.QUAD_BYTES);
        r7.reinterpretAsBytes().intoArray(quads, to + 7 * Int8Rows.QUAD_BYTES);
    }
}
