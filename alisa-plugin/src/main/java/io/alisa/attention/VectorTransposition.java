package io.alisa.attention;

import static io.alisa.attention.VectorMemory.loadInts;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes squares of ints in registers, by exchanging ever smaller blocks of lanes between each two vectors. From the
 * addresses {@code address[t]}, {@code address[t + 1]}.. and {@code at} bytes on it writes to {@code quads} from {@code to} on,
 * see {@link Int8Rows#quads}.
 *
 * <p>A select from two vectors is an instruction with 512 bits only. Elsewhere it would be two permutations and a blend for
 * each of the two results: one permutation does, and ints change places within longs by a shift. All is written out, for with
 * methods for the exchanges the compiler makes vectors on the heap.
 */
final class VectorTransposition {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = INTS.length();

    private static final IntVector FIRST8 = pick(8, 0);
    private static final IntVector SECOND8 = pick(8, 1);
    private static final IntVector FIRST4 = pick(4, 0);
    private static final IntVector SECOND4 = pick(4, 1);
    private static final IntVector FIRST2 = pick(2, 0);
    private static final IntVector SECOND2 = pick(2, 1);
    private static final IntVector FIRST1 = pick(1, 0);
    private static final IntVector SECOND1 = pick(1, 1);

    private static final VectorShuffle<Integer> SWAP4 = swap(4);
    private static final VectorShuffle<Integer> SWAP2 = swap(2);
    private static final VectorMask<Integer> UPPER4 = upper(4);
    private static final VectorMask<Integer> UPPER2 = upper(2);
    private static final VectorMask<Integer> UPPER1 = upper(1);

    private VectorTransposition() {
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

    /** Has neighbouring blocks of lanes change places. */
    private static VectorShuffle<Integer> swap(int block) {
        return VectorShuffle.fromOp(INTS, i -> (i ^ block) % LANES);
    }

    /** The second of each two blocks of lanes. */
    private static VectorMask<Integer> upper(int block) {
        boolean[] lanes = new boolean[LANES];
        for (int i = 0; i < LANES; i++) {
            lanes[i] = (i & block) != 0;
        }
        return VectorMask.fromArray(INTS, lanes, 0);
    }

    static void square16(long[] address, int t, long at, byte[] quads, int to) {
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

    static void square8(long[] address, int t, long at, byte[] quads, int to) {
        IntVector r0 = loadInts(address[t] + at);
        IntVector r1 = loadInts(address[t + 1] + at);
        IntVector r2 = loadInts(address[t + 2] + at);
        IntVector r3 = loadInts(address[t + 3] + at);
        IntVector r4 = loadInts(address[t + 4] + at);
        IntVector r5 = loadInts(address[t + 5] + at);
        IntVector r6 = loadInts(address[t + 6] + at);
        IntVector r7 = loadInts(address[t + 7] + at);
        IntVector x;
        x = r0.blend(r4.rearrange(SWAP4), UPPER4);
        r4 = r0.rearrange(SWAP4).blend(r4, UPPER4);
        r0 = x;
        x = r1.blend(r5.rearrange(SWAP4), UPPER4);
        r5 = r1.rearrange(SWAP4).blend(r5, UPPER4);
        r1 = x;
        x = r2.blend(r6.rearrange(SWAP4), UPPER4);
        r6 = r2.rearrange(SWAP4).blend(r6, UPPER4);
        r2 = x;
        x = r3.blend(r7.rearrange(SWAP4), UPPER4);
        r7 = r3.rearrange(SWAP4).blend(r7, UPPER4);
        r3 = x;
        x = r0.blend(r2.rearrange(SWAP2), UPPER2);
        r2 = r0.rearrange(SWAP2).blend(r2, UPPER2);
        r0 = x;
        x = r1.blend(r3.rearrange(SWAP2), UPPER2);
        r3 = r1.rearrange(SWAP2).blend(r3, UPPER2);
        r1 = x;
        x = r4.blend(r6.rearrange(SWAP2), UPPER2);
        r6 = r4.rearrange(SWAP2).blend(r6, UPPER2);
        r4 = x;
        x = r5.blend(r7.rearrange(SWAP2), UPPER2);
        r7 = r5.rearrange(SWAP2).blend(r7, UPPER2);
        r5 = x;
        x = r0.blend(r1.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 32).reinterpretAsInts(), UPPER1);
        r1 = r0.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts().blend(r1, UPPER1);
        r0 = x;
        x = r2.blend(r3.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 32).reinterpretAsInts(), UPPER1);
        r3 = r2.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts().blend(r3, UPPER1);
        r2 = x;
        x = r4.blend(r5.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 32).reinterpretAsInts(), UPPER1);
        r5 = r4.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts().blend(r5, UPPER1);
        r4 = x;
        x = r6.blend(r7.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 32).reinterpretAsInts(), UPPER1);
        r7 = r6.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts().blend(r7, UPPER1);
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

    static void square4(long[] address, int t, long at, byte[] quads, int to) {
        IntVector r0 = loadInts(address[t] + at);
        IntVector r1 = loadInts(address[t + 1] + at);
        IntVector r2 = loadInts(address[t + 2] + at);
        IntVector r3 = loadInts(address[t + 3] + at);
        IntVector x;
        x = r0.blend(r2.rearrange(SWAP2), UPPER2);
        r2 = r0.rearrange(SWAP2).blend(r2, UPPER2);
        r0 = x;
        x = r1.blend(r3.rearrange(SWAP2), UPPER2);
        r3 = r1.rearrange(SWAP2).blend(r3, UPPER2);
        r1 = x;
        x = r0.blend(r1.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 32).reinterpretAsInts(), UPPER1);
        r1 = r0.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts().blend(r1, UPPER1);
        r0 = x;
        x = r2.blend(r3.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 32).reinterpretAsInts(), UPPER1);
        r3 = r2.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).reinterpretAsInts().blend(r3, UPPER1);
        r2 = x;
        r0.reinterpretAsBytes().intoArray(quads, to);
        r1.reinterpretAsBytes().intoArray(quads, to + Int8Rows.QUAD_BYTES);
        r2.reinterpretAsBytes().intoArray(quads, to + 2 * Int8Rows.QUAD_BYTES);
        r3.reinterpretAsBytes().intoArray(quads, to + 3 * Int8Rows.QUAD_BYTES);
    }
}
