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
 *
 * <p>The loops over the lines have a stride that the compiler does not know, on purpose: of others it makes copies, for checks
 * of addresses, that take longer to enter than a sketch has lines.
 */
final class VectorLookUps {
    private static final int TOKENS = KvLayout.BLOCK_TOKENS;
    private static final int LANES = FloatVector.SPECIES_PREFERRED.length();
    private static final VectorSpecies<Byte> BYTES = LANES == 16 && hasWideShuffles(Path.of("/proc/cpuinfo"))
            ? ByteVector.SPECIES_512
            : ByteVector.SPECIES_128;
    /** Whether sums of as many tokens as a vector has bytes fit into one vector of shorts. */
    private static final boolean WIDEN = BYTES.length() == 16 && LANES >= 8;
    private static final VectorSpecies<Short> SHORTS = WIDEN ? ShortVector.SPECIES_256 : ShortVector.SPECIES_PREFERRED;
    /** Bytes of a table: as many as a vector has. */
    static final int TABLE = BYTES.length();
    /** Tables that a row needs for a line. */
    private static final int ROW = QuerySketch.TABLES * TABLE;

    private VectorLookUps() {
    }

    /**
     * Whether shuffles of 64 bytes are an instruction, which only Linux tells without more ado.
     *
     * @param cpus what it tells; it need not exist
     */
    static boolean hasWideShuffles(Path cpus) {
        try (Stream<String> lines = Files.lines(cpus)) {
            return lines.anyMatch(line -> List.of(line.split("\\s+")).contains("avx512vbmi"));
        } catch (IOException | UncheckedIOException e) {
            return false; // another system
        }
    }

    /** Fills {@link QuerySketch#sums} of as many rows as share the codes; {@code sketch} is a block's first line. */
    static void sumTogether(QuerySketch query, long sketch) {
        int end = query.rows - rest(query);
        if (WIDEN) {
            for (int row = 0; row < end; row += 4) {
                sumFour(query.tables, query.table(row, 0), query.step, sketch, query.sums, row * TOKENS);
            }
        } else {
            for (int row = 0; row < end; row += 2) {
                sumTwo(query.tables, query.table(row, 0), query.step, sketch, query.sums, row * TOKENS);
            }
        }
    }

    /** Fills the sums of the rows that are left. */
    static void sumRest(QuerySketch query, long sketch) {
        for (int row = query.rows - rest(query); row < query.rows; row++) {
            sumOne(query.tables, query.table(row, 0), query.step, sketch, query.sums, row * TOKENS);
        }
    }

    /** More that share the codes, or an odd number of lines, are too much for one method: the compiler makes vectors on the heap. */
    private static int rest(QuerySketch query) {
        if (WIDEN) {
            return query.rows % 4;
        }
        return query.lines % 2 == 0 ? query.rows % 2 : query.rows;
    }

    /** For four rows, which share the codes. {@code first} is where the first row's tables are. */
    private static void sumFour(byte[] tables, int first, int step, long sketch, short[] sums, int to) {
        for (int t = 0; t < TOKENS; t += BYTES.length()) {
            ShortVector a = ShortVector.zero(SHORTS);
            ShortVector b = a;
            ShortVector c = a;
            ShortVector d = a;
            long line = sketch + t;
            for (int at = first; at < tables.length; at += step) {
                ByteVector codes = codes(line);
                ByteVector next = next(codes);
                a = a.add(widen(lookUp(codes, next, tables, at), 0));
                b = b.add(widen(lookUp(codes, next, tables, at + ROW), 0));
                c = c.add(widen(lookUp(codes, next, tables, at + 2 * ROW), 0));
                d = d.add(widen(lookUp(codes, next, tables, at + 3 * ROW), 0));
                line += TOKENS;
            }
            a.intoArray(sums, to + t);
            b.intoArray(sums, to + TOKENS + t);
            c.intoArray(sums, to + 2 * TOKENS + t);
            d.intoArray(sums, to + 3 * TOKENS + t);
        }
    }

    /** For two rows, which share the codes and take two lines at a time: four entries fit into a byte. */
    private static void sumTwo(byte[] tables, int first, int step, long sketch, short[] sums, int to) {
        for (int t = 0; t < TOKENS; t += BYTES.length()) {
            ShortVector a = ShortVector.zero(SHORTS);
            ShortVector b = a;
            ShortVector c = a;
            ShortVector d = a;
            long line = sketch + t;
            for (int at = first; at < tables.length; at += 2 * step) {
                ByteVector codes = codes(line);
                ByteVector next = next(codes);
                ByteVector codes2 = codes(line + TOKENS);
                ByteVector next2 = next(codes2);
                int at2 = at + step;
                ByteVector sum = lookUp(codes, next, tables, at).add(lookUp(codes2, next2, tables, at2));
                a = a.add(widen(sum, 0));
                b = b.add(widen(sum, 1));
                sum = lookUp(codes, next, tables, at + ROW).add(lookUp(codes2, next2, tables, at2 + ROW));
                c = c.add(widen(sum, 0));
                d = d.add(widen(sum, 1));
                line += 2 * TOKENS;
            }
            a.intoArray(sums, to + t);
            b.intoArray(sums, to + t + SHORTS.length());
            c.intoArray(sums, to + TOKENS + t);
            d.intoArray(sums, to + TOKENS + t + SHORTS.length());
        }
    }

    /** For one row, which takes two lines at a time: four entries fit into a byte. */
    private static void sumOne(byte[] tables, int first, int step, long sketch, short[] sums, int to) {
        for (int t = 0; t < TOKENS; t += BYTES.length()) {
            ShortVector low = ShortVector.zero(SHORTS);
            ShortVector high = low;
            long line = sketch + t;
            int at = first;
            for (; at + step < tables.length; at += 2 * step) {
                ByteVector sum = lookUp(line, tables, at).add(lookUp(line + TOKENS, tables, at + step));
                low = low.add(widen(sum, 0));
                if (!WIDEN) {
                    high = high.add(widen(sum, 1));
                }
                line += 2 * TOKENS;
            }
            if (at < tables.length) {
                ByteVector sum = lookUp(line, tables, at);
                low = low.add(widen(sum, 0));
                if (!WIDEN) {
                    high = high.add(widen(sum, 1));
                }
            }
            low.intoArray(sums, to + t);
            if (!WIDEN) {
                high.intoArray(sums, to + t + SHORTS.length());
            }
        }
    }

    private static ByteVector lookUp(long line, byte[] tables, int at) {
        ByteVector codes = codes(line);
        return lookUp(codes, next(codes), tables, at);
    }

    private static ByteVector codes(long line) {
        return ByteVector.fromMemorySegment(BYTES, OffHeap.ALL, line, nativeOrder());
    }

    /**
     * A line's second pair of channels. The bits above a code of four pick one of the table's copies or are ignored, so they
     * need not be cleared; there is no cheap shift of bytes, but one of shorts does.
     */
    private static ByteVector next(ByteVector codes) {
        return codes.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
    }

    /** What the two pairs of channels of a line add. */
    private static ByteVector lookUp(ByteVector codes, ByteVector next, byte[] tables, int at) {
        return codes.selectFrom(ByteVector.fromArray(BYTES, tables, at))
                .add(next.selectFrom(ByteVector.fromArray(BYTES, tables, at + TABLE)));
    }

    private static ShortVector widen(ByteVector sum, int part) {
        return (ShortVector) sum.convertShape(VectorOperators.B2S, SHORTS, part);
    }
}
