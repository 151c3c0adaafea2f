package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Random;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StagingRingTest {
    /** Small ones, and one that takes every slot more than once. */
    @ParameterizedTest
    @EnumSource
    void copiesWhateverItIsGiven(TestDriver present) {
        present.assumePresent();
        Driver driver = present.open();
        driver.attach();
        try (Arena arena = Arena.ofConfined(); StagingRing ring = new StagingRing(driver)) {
            for (int bytes : new int[]{1, 4224, (1 << 20) - 1, 1 << 20, (19 << 20) + 77}) {
                MemorySegment source = arena.allocate(bytes);
                Random random = new Random(bytes);
                for (int i = 0; i < bytes; i++) {
                    source.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
                }
                Driver.Memory memory = Objects.requireNonNull(driver.allocate(bytes));
                Driver.Pinned back = driver.allocatePinned(bytes);
                Driver.Event done = driver.createEvent();
                Driver.Stream stream = driver.createStream();
                ring.copy(source.address(), bytes, memory, 0, done);
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
}
