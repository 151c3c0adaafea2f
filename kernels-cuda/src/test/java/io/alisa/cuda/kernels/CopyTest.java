package io.alisa.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

import io.alisa.cuda.emulation.EmulatedKernels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Uploads: every byte of every piece, and no other. */
class CopyTest {
    private static final int MOST_PIECES = 128;
    private static final int PART = 1 << 15;
    private static final byte POISON = 77;

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 2", "128, 64", "17, 64", "128, 1", "5, 200"})
    void copiesPiecesOfAnySize(int pieces, int threadBlocks) {
        Random random = new Random(pieces);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = arena.allocate(MOST_PIECES * 20L + 8, 8);
            MemorySegment[] from = new MemorySegment[pieces];
            MemorySegment[] to = new MemorySegment[pieces];
            for (int i = 0; i < pieces; i++) {
                long bytes = switch (random.nextInt(4)) {
                    case 0 -> 16;
                    case 1 -> (long) PART * (1 + random.nextInt(2));
                    default -> 16L * (1 + random.nextInt(3 * PART / 16));
                };
                from[i] = arena.allocate(bytes, 16);
                to[i] = arena.allocate(bytes + 32, 16).fill(POISON).asSlice(16, bytes);
                for (long at = 0; at < bytes; at += 8) {
                    from[i].set(ValueLayout.JAVA_LONG, at, random.nextLong());
                }
                parameters.setAtIndex(ValueLayout.JAVA_LONG, i, from[i].address());
                parameters.setAtIndex(ValueLayout.JAVA_LONG, MOST_PIECES + i, to[i].address());
                parameters.setAtIndex(ValueLayout.JAVA_INT, 4 * MOST_PIECES + i, (int) bytes);
            }
            parameters.setAtIndex(ValueLayout.JAVA_INT, 5 * MOST_PIECES, pieces);
            EmulatedKernels.orSkip().launch("alisa_copy", threadBlocks, 1, 1, 512, 0, parameters);
            for (int i = 0; i < pieces; i++) {
                assertThat(to[i].mismatch(from[i])).as("piece %s", i).isEqualTo(-1);
                assertThat(around(to[i])).containsOnly(POISON);
            }
        }
    }

    @SuppressWarnings("restricted") // what lies beside a piece
    private static byte[] around(MemorySegment piece) {
        byte[] beside = new byte[32];
        MemorySegment all = MemorySegment.ofAddress(piece.address() - 16).reinterpret(piece.byteSize() + 32);
        MemorySegment.copy(all, ValueLayout.JAVA_BYTE, 0, beside, 0, 16);
        MemorySegment.copy(all, ValueLayout.JAVA_BYTE, all.byteSize() - 16, beside, 16, 16);
        return beside;
    }
}
