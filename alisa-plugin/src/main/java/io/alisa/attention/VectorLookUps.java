package io.alisa.attention;

import static java.nio.ByteOrder.nativeOrder;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import io.alisa.cache.KvLayout;
import io.alisa.memory.OffHeap;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds up what byte shuffles look up in the tables of a {@link QuerySketch}.
 *
 * <p>A shuffle of 64 bytes is an instruction where there is AVX-512 VBMI only; on other machines with 512 bits the compiler has
 * none, and would make vectors on the heap. One of 32 bytes is six instructions. One of 16 is a single one everywhere, and
 * their sums widen into whole vectors. So it is 64 bytes at once, or 16.
 */
final class VectorLookUps {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = FLOATS.length();
    private static final VectorSpecies<Byte> BYTES = LANES == 16 && hasWideShuffles(Path.of("/proc/cpuinfo"))
            ? ByteVector.SPECIES_512
            : ByteVector.SPECIES_128;
    /** Whether sums of as many tokens as a vector has bytes fit into one vector of shorts. */
    private static final boolean WIDEN = BYTES.length() == 16 && LANES >= 8;
    private static final VectorSpecies<Short> SHORTS = WIDEN ? ShortVector.SPECIES_256 : ShortVector.SPECIES_PREFERRED;
    /** Vectors of floats that a vector of shorts makes. */
    private static final int PARTS = SHORTS.length() / LANES;

    private VectorLookUps() {
    }

    /**
     * Whether shuffles of 64 bytes are an instruction, which only Linux tells without more ado.
     *
     * @param cpus what it tells; it need not exist
     */
    static boolean hasWideShuffles(Path cpus) {
        try (Stream<String> lines = Files.lines(cpus)) {
            return lines.anyMatch(line -> List.of(line.split("\\s+")).contains("avx512_vbmi"));
        } catch (IOException | UncheckedIOException e) {
            return false; // another system
        }
    }

    /** Sums of 64 tokens, in units of the row's tables; {@code table} is the first of them, {@code sketch} the first line. */
    static void sum(byte[] tables, int table, int lines, long sketch, float[] out, int to) {
        for (int t = 0; t < TOKENS; t += BYTES.length()) {
            sumVector(tables, table, lines, sketch + t, out, to + t);
        }
    }

    /**
     * For as many tokens as a vector has bytes. More at a time would share the tables, but with more look-ups in one method the
     * compiler stops inlining, and makes vectors on the heap.
     */
    private static void sumVector(byte[] tables, int table, int lines, long sketch, float[] out, int to) {
        ShortVector low = ShortVector.zero(SHORTS);
        ShortVector high = low;
        int line = 0;
        for (; line + 2 <= lines; line += 2) {
            // Four entries fit into a byte.
            ByteVector sum = lookUp(tables, table, sketch)
                    .add(lookUp(tables, table + 2 * QuerySketch.TABLE, sketch + TOKENS));
            low = low.add(widen(sum, 0));
            if (!WIDEN) {
                high = high.add(widen(sum, 1));
            }
            sketch += 2 * TOKENS;
            table += 4 * QuerySketch.TABLE;
        }
        if (line < lines) {
            ByteVector sum = lookUp(tables, table, sketch);
            low = low.add(widen(sum, 0));
            if (!WIDEN) {
                high = high.add(widen(sum, 1));
            }
        }
        store(low, out, to);
        if (!WIDEN) {
            store(high, out, to + SHORTS.length());
        }
    }

    /**
     * What the two pairs of channels of a line add. The bits above a code of four pick one of the table's repetitions, so
     * they need not be cleared; there is no cheap shift of bytes, but one of shorts does.
     */
    private static ByteVector lookUp(byte[] tables, int table, long line) {
        ByteVector first = ByteVector.fromMemorySegment(BYTES, OffHeap.ALL, line, nativeOrder());
        ByteVector second = first.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
        return first.selectFrom(ByteVector.fromArray(BYTES, tables, table))
                .add(second.selectFrom(ByteVector.fromArray(BYTES, tables, table + QuerySketch.TABLE)));
    }

    private static ShortVector widen(ByteVector sum, int part) {
        return (ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, part);
    }

    private static void store(ShortVector sums, float[] out, int to) {
        ((FloatVector) sums.convertShape(VectorOperators.S2F, FLOATS, 0)).intoArray(out, to);
        if (PARTS == 2) {
            ((FloatVector) sums.convertShape(VectorOperators.S2F, FLOATS, 1)).intoArray(out, to + LANES);
        }
    }
}
