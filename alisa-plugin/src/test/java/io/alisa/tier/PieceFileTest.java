package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces come back as they were written, or it is said that they do not. */
class PieceFileTest {
    private static final int LAYERS = 3;
    private static final int HEADS = 2;
    private static final int PIECE = 48;
    private static final int MAX_BLOCKS = 100;
    private static final MemoryBudget.Owner NOBODY = bytes -> {
        // what is in a file stays there
    };

    private final MemoryBudget budget = new MemoryBudget(Long.MAX_VALUE);
    private final PieceReader reader = new PieceReader();
    private String failing = "";
    private int failures;
    private int flip = -1;

    private PieceFile file() {
        return file(budget);
    }

    private PieceFile file(MemoryBudget of) {
        return new PieceFile(new MemoryFile((call, bytes) -> {
            if (call.equals(failing)) {
                failures++;
                throw new IOException("No luck");
            }
            if (call.equals("read") && flip >= 0) {
                bytes[flip / 8] ^= (byte) (1 << flip % 8);
            }
        }), of.open(NOBODY), LAYERS, HEADS, PIECE, MAX_BLOCKS);
    }

    private static ByteBuffer piece(long seed) {
        byte[] content = new byte[PIECE];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content);
    }

    private void write(PieceFile file, int layer, int block, long seed) throws IOException {
        assertThat(file.open(layer, block)).isTrue();
        for (int head = 0; head < HEADS; head++) {
            file.write(layer, head, block, 1, piece(seed + head), reader);
        }
        file.written(layer, block);
    }

    private ByteBuffer read(PieceFile file, int layer, int head, int block, int count) {
        ByteBuffer target = ByteBuffer.allocate(count * PIECE + 8).position(8);
        reader.read(file, layer, head, block, count, target);
        return target.flip().position(8);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void whatWasWrittenLastIsRead(int seed) throws IOException {
        Random random = new Random(seed);
        Map<Integer, Long> model = new HashMap<>();
        try (PieceFile file = file()) {
            for (int i = 0; i < 600; i++) {
                int layer = random.nextInt(LAYERS);
                int block = random.nextInt(MAX_BLOCKS);
                int key = layer * MAX_BLOCKS + block;
                if (random.nextInt(5) < 2 + seed % 3) {
                    long content = random.nextLong();
                    write(file, layer, block, content);
                    model.put(key, content);
                } else {
                    file.remove(layer, block);
                    model.remove(key);
                }
                assertThat(file.bytes()).isEqualTo(budget.reserved())
                        .isBetween(regions(model) * file.regionBytes(), LAYERS * 4 * file.regionBytes());
                check(file, model, random);
            }
        }
        assertThat(budget.reserved()).isZero();
    }

    /** Runs that hold something. */
    private static long regions(Map<Integer, Long> model) {
        return model.keySet().stream().map(key -> key / MAX_BLOCKS * 10 + key % MAX_BLOCKS / PieceFile.RUN).distinct()
                .count();
    }

    private void check(PieceFile file, Map<Integer, Long> model, Random random) {
        int layer = random.nextInt(LAYERS);
        int head = random.nextInt(HEADS);
        int block = random.nextInt(MAX_BLOCKS);
        int end = block;
        while (end < MAX_BLOCKS && (end == block || end % PieceFile.RUN != 0)
                && model.containsKey(layer * MAX_BLOCKS + end)) {
            assertThat(file.has(layer, end)).isTrue();
            end++;
        }
        if (end == block) {
            assertThat(file.has(layer, block)).isFalse();
            return;
        }
        ByteBuffer pieces = read(file, layer, head, block, end - block);
        for (int at = block; at < end; at++) {
            long content = model.getOrDefault(layer * MAX_BLOCKS + at, 0L);
            assertThat(pieces.slice(pieces.position() + (at - block) * PIECE, PIECE)).isEqualTo(piece(content + head));
        }
    }

    @Test
    void roomThatBecameFreeIsUsedAgain() throws IOException {
        try (PieceFile file = file()) {
            for (int round = 0; round < 20; round++) {
                for (int block = 0; block < PieceFile.RUN; block++) {
                    write(file, round % LAYERS, block, block);
                }
                for (int block = 0; block < PieceFile.RUN; block++) {
                    file.remove(round % LAYERS, block);
                }
            }
            assertThat(file.bytes()).isEqualTo(file.regionBytes());
        }
    }

    /** Other runs fill what is left of the regions there are, and are read right wherever they lie. */
    @Test
    void atTheCapBlocksTakeAnyFreePlace() throws IOException {
        long region = (long) HEADS * PieceFile.RUN * PIECE;
        MemoryBudget small = new MemoryBudget(2 * region - 1);
        try (PieceFile file = file(small)) {
            for (int block = 0; block < PieceFile.RUN; block += 2) {
                write(file, 0, block, block);
            }
            for (int block = 0; block < PieceFile.RUN / 2; block++) {
                write(file, 1, block, 100 + block);
            }
            assertThat(file.freeBytes()).isZero();
            assertThat(file.growthBytes()).as("less than a region").isZero();
            assertThat(file.open(1, PieceFile.RUN)).as("full").isFalse();
            assertThat(small.reserved()).isEqualTo(region);
            for (int block = 0; block < PieceFile.RUN; block += 2) {
                assertThat(read(file, 0, 1, block, 1)).isEqualTo(piece(block + 1));
            }
            ByteBuffer together = read(file, 1, 1, 0, PieceFile.RUN / 2);
            for (int block = 0; block < PieceFile.RUN / 2; block++) {
                assertThat(together.slice(8 + block * PIECE, PIECE))
                        .isEqualTo(piece(101 + block));
            }
            file.remove(0, 4);
            assertThat(file.open(1, PieceFile.RUN)).isTrue();
        }
    }

    @Test
    void aFullDiskTakesNothingOfTheBudget() throws IOException {
        try (PieceFile file = file()) {
            for (int block = 0; block < PieceFile.RUN; block++) {
                write(file, 0, block, 1);
            }
            failing = "reserve";
            assertThatIOException().isThrownBy(() -> file.open(1, 0));
            assertThat(budget.reserved()).isEqualTo(file.regionBytes());
            assertThat(file.has(1, 0)).isFalse();
            failing = "";
            write(file, 1, 0, 2);
            assertThat(read(file, 1, 1, 0, 1)).isEqualTo(piece(3));
            assertThat(read(file, 0, 1, 0, 1)).isEqualTo(piece(2));
        }
    }

    @Test
    void onAFullDiskBlocksTakeAnyFreePlace() throws IOException {
        try (PieceFile file = file()) {
            write(file, 0, 0, 1);
            failing = "reserve";
            for (int block = 0; block < PieceFile.RUN - 1; block++) {
                write(file, 1, block, 100 + block);
            }
            assertThat(file.freeBytes()).isZero();
            assertThatIOException().isThrownBy(() -> file.open(1, PieceFile.RUN));
            assertThat(budget.reserved()).isEqualTo(file.regionBytes());
            assertThat(read(file, 1, 1, 7, 1)).isEqualTo(piece(108));
        }
    }

    /** Each time would write zeros as far as the disk lets it. */
    @Test
    void aFullDiskIsNotAskedAgainWhileAnyPlaceIsFree() throws IOException {
        try (PieceFile file = file()) {
            write(file, 0, 0, 1);
            failing = "reserve";
            for (int block = 0; block < PieceFile.RUN - 1; block++) {
                write(file, 1, block, 100 + block);
            }
            assertThat(failures).isEqualTo(1);
            assertThat(file.growthBytes()).isZero();
            assertThatIOException().isThrownBy(() -> file.open(1, PieceFile.RUN));
            assertThat(failures).as("no place is free").isEqualTo(2);
            failing = "";
            write(file, 2, 0, 7);
            write(file, 1, PieceFile.RUN, 8);
            assertThat(file.bytes()).as("runs have regions for themselves again").isEqualTo(3 * file.regionBytes());
        }
    }

    @Test
    void whatCouldNotBeWrittenIsNotThere() throws IOException {
        try (PieceFile file = file()) {
            file.open(0, 0);
            failing = "write";
            assertThatIOException().isThrownBy(() -> file.write(0, 0, 0, 1, piece(1), reader));
            assertThat(file.has(0, 0)).isFalse();
            assertThat(file.bytesWritten()).isZero();
        }
    }

    @Test
    void everyFlippedBitIsFound() throws IOException {
        try (PieceFile file = file()) {
            write(file, 1, 4, 1);
            write(file, 1, 5, 3);
            for (flip = 0; flip < 2 * 8 * PIECE; flip++) {
                int damaged = 4 + flip / (8 * PIECE);
                assertThatExceptionOfType(DamagedPieceException.class).isThrownBy(() -> read(file, 1, 1, 4, 2))
                        .satisfies(e -> {
                            assertThat(e.layer()).isEqualTo(1);
                            assertThat(e.block()).isEqualTo(damaged);
                            assertThat(e.count()).isEqualTo(1);
                        }).withMessage("Block " + damaged + " of layer 1 in the slow tier came back changed");
            }
            flip = -1;
            assertThat(read(file, 1, 1, 4, 1)).isEqualTo(piece(2));
        }
    }

    /** A disk that writes to the wrong place: what is read is whole, but not what was asked for. */
    @Test
    void aPieceInTheWrongPlaceIsFound() throws IOException {
        BlockFile memory = new MemoryFile();
        BlockFile shifted = new BlockFile() {
            @Override
            public void reserve(long bytes) throws IOException {
                memory.reserve(bytes + PIECE);
            }

            @Override
            public void write(long position, ByteBuffer source) throws IOException {
                memory.write(position, source);
            }

            @Override
            public void read(long position, ByteBuffer target) throws IOException {
                memory.read(position + PIECE, target);
            }

            @Override
            public void close() {
                memory.close();
            }
        };
        try (PieceFile file = new PieceFile(shifted, budget.open(NOBODY), LAYERS, HEADS, PIECE, MAX_BLOCKS)) {
            write(file, 0, 0, 1);
            write(file, 0, 1, 5);
            assertThatExceptionOfType(DamagedPieceException.class).isThrownBy(() -> read(file, 0, 0, 0, 1));
        }
    }

    @Test
    void aReadErrorNamesAllBlocksOfTheRequest() throws IOException {
        try (PieceFile file = file()) {
            write(file, 2, 33, 1);
            write(file, 2, 34, 2);
            failing = "read";
            assertThatExceptionOfType(DamagedPieceException.class).isThrownBy(() -> read(file, 2, 0, 33, 2))
                    .withMessage("Block 33 of layer 2 in the slow tier can't be read back")
                    .withRootCauseInstanceOf(IOException.class).satisfies(e -> assertThat(e.count()).isEqualTo(2));
            failing = "";
            assertThat(read(file, 2, 0, 33, 1)).isEqualTo(piece(1));
        }
    }

    @Test
    void checksumsLeaveTheBufferAsItWas() {
        ByteBuffer buffer = piece(1).position(3).limit(20);
        int sum = reader.of(buffer, 0, PIECE);
        assertThat(buffer.position()).isEqualTo(3);
        assertThat(buffer.limit()).isEqualTo(20);
        assertThat(reader.of(piece(1), 0, PIECE)).isEqualTo(sum);
        assertThat(reader.of(piece(2), 0, PIECE)).isNotEqualTo(sum);
    }

    @Test
    void closedItGivesEverythingBack() throws IOException {
        MemoryFile memory = new MemoryFile();
        PieceFile file = new PieceFile(memory, budget.open(NOBODY), LAYERS, HEADS, PIECE, MAX_BLOCKS);
        write(file, 0, 0, 1);
        file.close();
        file.close();
        assertThat(memory.isClosed()).isTrue();
        assertThat(budget.reserved()).isZero();
    }
}
