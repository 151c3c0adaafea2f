package io.alisa.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

class EvictionTest {
    private static final long[] NONE = {};

    @Test
    void leastUsedFirstThenTheOldest() {
        BlockUse use = new BlockUse(8);
        use.step();
        use.selected(1, 9);
        use.selected(3, 2);
        use.selected(5, 2);
        int[] chosen = new int[8];
        assertThat(Eviction.choose(use, 8, 2, NONE, 8, chosen)).isEqualTo(5);
        assertThat(chosen).startsWith(2, 4, 3, 5, 1);
        assertThat(Eviction.choose(use, 8, 2, NONE, 3, chosen)).isEqualTo(3);
        assertThat(chosen).startsWith(2, 4, 3);
    }

    @Test
    void sinksAndTheWindowStay() {
        BlockUse use = new BlockUse(100);
        int[] chosen = new int[100];
        for (int blocks = 0; blocks < 20; blocks++) {
            for (int newest = 0; newest < 20; newest++) {
                int found = Eviction.choose(use, blocks, newest, NONE, 100, chosen);
                assertThat(found).isEqualTo(Eviction.candidates(blocks, newest));
                for (int i = 0; i < found; i++) {
                    assertThat(chosen[i]).isBetween(1, blocks - newest - 1);
                }
            }
        }
    }

    @Test
    void isASortOfWhatMayLeave() {
        for (int seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int blocks = random.nextInt(1, 300);
            int newest = random.nextInt(4);
            BlockUse use = new BlockUse(blocks);
            for (int step = 0; step < 50; step++) {
                use.step();
                use.selected(random.nextInt(blocks), random.nextInt(3));
            }
            long[] skipped = {random.nextLong(), random.nextLong()};
            List<Integer> expected = new ArrayList<>();
            for (int block = 1; block < blocks - newest; block++) {
                if (block >= 128 || (skipped[block / 64] >>> block & 1) == 0) {
                    expected.add(block);
                }
            }
            expected.sort(Comparator.comparingDouble(use::of)); // stable: the oldest first
            int count = random.nextInt(40);
            int[] chosen = new int[40];
            int found = Eviction.choose(use, blocks, newest, skipped, count, chosen);
            assertThat(found).isEqualTo(Math.min(count, expected.size()));
            for (int i = 0; i < found; i++) {
                assertThat(chosen[i]).isEqualTo(expected.get(i));
            }
        }
    }

    @Test
    void oldUseFades() {
        BlockUse use = new BlockUse(3);
        use.step();
        use.selected(1, 10);
        for (int step = 0; step < 10_000; step++) {
            use.step();
        }
        use.selected(2, 1);
        assertThat(use.of(1)).isLessThan(use.of(2));
        use.forgetFrom(2);
        assertThat(use.of(2)).isZero();
    }

    @Test
    void endlessSessionsKeepTheOrder() {
        BlockUse use = new BlockUse(3);
        for (int step = 0; step < 1_000_000; step++) {
            use.step();
            use.selected(1, 2);
            use.selected(2, 1);
        }
        assertThat(use.of(1)).isFinite().isGreaterThan(use.of(2));
    }
}
