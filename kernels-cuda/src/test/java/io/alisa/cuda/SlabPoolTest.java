package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

import io.alisa.ChildJvm;
import io.alisa.tier.MemoryAccount;
import io.alisa.tier.MemoryBudget;
import org.junit.jupiter.api.Test;

class SlabPoolTest {
    private static final long MIB = 1 << 20;

    private final JavaDriver driver = new JavaDriver();
    private final MemoryBudget budget = new MemoryBudget(64 * MIB);
    private final MemoryAccount account = budget.open(bytes -> {
        // nothing of it can be given back
    });
    private final SlabPool pool = new SlabPool(driver, account);

    /** Blocks of several sizes, which never overlap. */
    @Test
    void blocksNeverOverlapAndAllComesBack() {
        long[] sizes = {4224, 65 * 128 * 8, 257 * 128 * 32};
        Random random = new Random(1);
        List<SlabPool.Place> taken = new ArrayList<>();
        TreeMap<Long, Long> ends = new TreeMap<>();
        for (int round = 0; round < 3000; round++) {
            if (random.nextInt(5) < 3 || taken.isEmpty()) {
                SlabPool.Place place = pool.take(sizes[random.nextInt(sizes.length)]);
                if (place != null) {
                    assertThat(place.address() % 128).isZero();
                    var before = ends.floorEntry(place.address());
                    assertThat(before == null || before.getValue() <= place.address()).isTrue();
                    var after = ends.ceilingEntry(place.address());
                    assertThat(after == null || place.address() + place.blockBytes() <= after.getKey()).isTrue();
                    ends.put(place.address(), place.address() + place.blockBytes());
                    taken.add(place);
                }
            } else {
                SlabPool.Place place = taken.remove(random.nextInt(taken.size()));
                ends.remove(place.address());
                pool.give(place);
            }
            assertThat(budget.reserved()).isLessThanOrEqualTo(budget.cap());
        }
        taken.forEach(pool::give);
        assertThat(driver.leftOver()).isZero();
        assertThat(budget.reserved()).isZero();
        assertThat(budget.peak()).isGreaterThan(32 * MIB);
    }

    @Test
    void manyBlocksTakeFewCallsOfTheDriver() {
        for (int i = 0; i < 3000; i++) {
            assertThat(pool.take(16640)).isNotNull();
        }
        assertThat(driver.leftOver()).as("slabs").isLessThan(8);
    }

    /** In a JVM of its own, which has too little memory for it. */
    @Test
    void whatJavaHasNoMemoryToNoteGoesBack() throws IOException, InterruptedException {
        assertThat(ChildJvm.with("-Xmx7m").run(SlabPoolMain.class)).contains("left over: 0 pieces, 0 bytes");
    }

    @Test
    void theLastRoomIsUsedWhereASlabDoesNotFit() {
        long block = 100 * 1024;
        budget.setCap(3 * block + 17);
        for (int i = 0; i < 3; i++) {
            assertThat(pool.take(block)).isNotNull();
        }
        assertThat(pool.take(block)).isNull();
        pool.close();
        assertThat(budget.reserved()).isZero();
        assertThat(Objects.requireNonNull(pool.take(block)).blockBytes()).isEqualTo(block);
    }
}
