package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;

import io.alisa.device.DeviceFullException;
import io.alisa.attention.Teams;
import io.alisa.device.DeviceLostException;
import io.alisa.tier.MemoryBudget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StagingRingTest {
    /** Small ones, and one that takes every slot more than once. */
    @ParameterizedTest
    @EnumSource
    void copiesWhateverItIsGiven(TestDriver present) {
        present.assumePresent();
        Driver driver = present.open();
        MemoryBudget ram = MemoryBudget.unlimited();
        try (var _ = driver.attach();
                Arena arena = Arena.ofShared();
                StagingRing ring = new StagingRing(driver, new PinnedPool(driver, ram), Teams.of(3))) {
            assertThat(ram.reserved()).isEqualTo(16 << 20);
            for (int bytes : new int[]{1, 4224, (1 << 20) - 1, 1 << 20, (35 << 20) + 77}) {
                MemorySegment source = arena.allocate(bytes);
                byte[] random = new byte[bytes];
                new Random(bytes).nextBytes(random);
                source.copyFrom(MemorySegment.ofArray(random));
                Driver.Memory memory = Objects.requireNonNull(driver.allocate(bytes));
                Driver.Pinned back = Objects.requireNonNull(driver.allocatePinned(bytes));
                Driver.Event done = driver.createEvent();
                Driver.Stream stream = driver.createStream();
                Uploads uploads = new Uploads();
                uploads.add(source.address(), new SlabPool.Place(memory, this, 0, bytes));
                ring.copy(uploads, done);
                driver.waitFor(stream, done);
                driver.copyToHost(back, memory, bytes, stream);
                driver.record(done, stream);
                driver.synchronize(done);
                assertThat(back.segment().asSlice(0, bytes).mismatch(source)).as("%s bytes", bytes).isEqualTo(-1);
                driver.destroy(stream);
                driver.destroy(done);
                driver.freePinned(back);
                driver.free(memory);
            }
        }
        driver.close();
    }

    /** Pieces of several sizes in any order; those that are neighbours on the device travel together. */
    @Test
    void copiesManyPiecesAtOnce() {
        JavaDriver driver = new JavaDriver();
        Random random = new Random(7);
        MemoryBudget ram = new MemoryBudget(47 << 20);
        try (Arena arena = Arena.ofShared();
                StagingRing ring = new StagingRing(driver, new PinnedPool(driver, ram), Teams.of(2))) {
            assertThat(ram.reserved()).as("a sixteenth of the cap, or less").isEqualTo(2 << 20);
            Driver.Event done = driver.createEvent();
            for (int pieces : new int[]{1, 2, 300, 1000}) {
                int bytes = 100 + random.nextInt(20_000);
                MemorySegment source = arena.allocate((long) pieces * bytes);
                for (long i = 0; i < source.byteSize(); i++) {
                    source.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
                }
                List<Integer> order = new ArrayList<>(IntStream.range(0, pieces).boxed().toList());
                Collections.shuffle(order, random);
                Driver.Memory memory = Objects.requireNonNull(driver.allocate((long) pieces * bytes));
                Uploads uploads = new Uploads();
                for (int piece : order) {
                    uploads.add(source.address() + (long) piece * bytes,
                            new SlabPool.Place(memory, this, piece, bytes));
                }
                long copies = driver.copies();
                ring.copy(uploads, done);
                // A slot of 256 KiB each, or 256 pieces at once.
                assertThat(driver.copies() - copies).as("%s pieces of %s bytes", pieces, bytes)
                        .isLessThanOrEqualTo(1 + pieces / 100 + (long) pieces * bytes / (1 << 18));
                assertThat(((JavaDriver.Space) memory).segment().mismatch(source)).isEqualTo(-1);
                driver.free(memory);
            }
            driver.destroy(done);
        }
        assertThat(ram.reserved()).isZero();
        assertThat(driver.leftOver()).isZero();
    }

    /** Whoever gives up what it went to waits for what was sent before. */
    @Test
    void whatWasSentBeforeACopyFailsIsMarked() {
        LateDriver behind = LateDriver.asLateAsPossible();
        int[] copiesLeft = {2};
        FaultyDriver driver = new FaultyDriver(behind, Long.MAX_VALUE) {
            @Override
            public void copyToDevice(Memory to, long toOffset, Pinned from, long fromOffset, long bytes,
                    Stream stream) {
                if (copiesLeft[0]-- == 0) {
                    throw new DeviceFullException("the test wants it so");
                }
                super.copyToDevice(to, toOffset, from, fromOffset, bytes, stream);
            }
        };
        PinnedPool pool = new PinnedPool(driver, new MemoryBudget(47 << 20));
        try (Arena arena = Arena.ofShared(); StagingRing ring = new StagingRing(driver, pool, Teams.of(2))) {
            MemorySegment source = arena.allocate(3 << 20).fill((byte) 7);
            Driver.Memory memory = Objects.requireNonNull(driver.allocate(source.byteSize()));
            Driver.Event done = driver.createEvent();
            Uploads uploads = new Uploads();
            uploads.add(source.address(), new SlabPool.Place(memory, this, 0, source.byteSize()));
            assertThatExceptionOfType(DeviceFullException.class).isThrownBy(() -> ring.copy(uploads, done));
            driver.synchronize(done);
            assertThat(((JavaDriver.Space) memory).segment().mismatch(source)).as("two slots of what was sent")
                    .isEqualTo(1 << 20);
            driver.free(memory);
            driver.destroy(done);
        }
        driver.close();
        assertThat(behind.leftOver()).isZero();
    }

    /** Memory is there for KV in the first place. */
    @ParameterizedTest
    @CsvSource({"8, 512", "15, 512", "16, 1024", "64, 4096", "255, 8192", "256, 16384", "100000, 16384"})
    void takesASixteenthOfTheCapAtMost(long capMib, long kib) {
        MemoryBudget ram = new MemoryBudget(capMib << 20);
        JavaDriver driver = new JavaDriver();
        try (StagingRing ring = new StagingRing(driver, new PinnedPool(driver, ram), Teams.of(1))) {
            assertThat(ram.reserved()).isEqualTo(kib << 10).isLessThanOrEqualTo(ram.cap() / 16);
            assertThat(driver.leftOver()).as("%s: a stream, and slots with an event each", ring).isEqualTo(9);
        }
        assertThat(ram.reserved()).isZero();
        assertThat(driver.leftOver()).isZero();
    }

    @Test
    void makesDoWithWhatOthersLeave() {
        MemoryBudget ram = new MemoryBudget(64 << 20);
        assertThat(ram.setAside(61 << 20)).isTrue();
        JavaDriver driver = new JavaDriver();
        try (StagingRing ring = new StagingRing(driver, new PinnedPool(driver, ram), Teams.of(1))) {
            assertThat(ram.reserved()).as("%s in what 4 MiB do not fit into", ring).isEqualTo(63 << 20);
        }
        assertThat(ram.setAside(3 << 20)).isTrue();
        assertThatExceptionOfType(DeviceLostException.class)
                .isThrownBy(() -> new StagingRing(driver, new PinnedPool(driver, ram), Teams.of(1)))
                .withMessage("what is held of the cap of RAM, or of the machine's, leaves no room for 512.0 KiB of"
                        + " pinned memory: raise alisa.memory.fast, or free RAM");
        assertThat(driver.leftOver()).isZero();
    }

    @Test
    void saysWhichCapIsTooSmall() {
        JavaDriver driver = new JavaDriver();
        PinnedPool pool = new PinnedPool(driver, new MemoryBudget((8 << 20) - 1));
        assertThatExceptionOfType(DeviceLostException.class)
                .isThrownBy(() -> new StagingRing(driver, pool, Teams.of(1)))
                .withMessageContaining("a sixteenth of it").withMessageEndingWith("raise alisa.memory.fast to 8.0 MiB");
        assertThat(driver.leftOver()).isZero();
    }
}
