package io.alisa.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

import io.alisa.Allocation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The cap over all accounts, and each one's share of it. */
class MemoryBudgetTest {
    private static final MemoryBudget.Owner STUBBORN = bytes -> {
        // has nothing that could move
    };

    /** An owner that gives back what it is asked for. */
    private static final class Generous implements MemoryBudget.Owner {
        private final List<Long> asked = new ArrayList<>();
        private MemoryAccount account = new MemoryBudget(0).open(STUBBORN);

        static Generous in(MemoryBudget budget) {
            Generous owner = new Generous();
            owner.account = budget.open(owner);
            return owner;
        }

        @Override
        public void giveBack(long bytes) {
            asked.add(bytes);
            account.release(Math.min(bytes, account.reserved()));
        }
    }

    @Test
    void nothingIsGrantedBeyondTheCap() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount one = budget.open(STUBBORN);
        MemoryAccount two = budget.open(STUBBORN);
        assertThat(one.tryReserve(60)).isTrue();
        assertThat(two.tryReserve(41)).isFalse();
        assertThat(two.tryReserve(40)).isTrue();
        assertThat(budget.free()).isZero();
        one.release(1);
        assertThat(two.tryReserve(2)).isFalse();
        assertThat(two.tryReserve(1)).isTrue();
        assertThat(budget.reserved()).isEqualTo(100);
        assertThat(budget.peak()).isEqualTo(100);
    }

    /** What serves all is nobody's share, and under the cap. */
    @Test
    void whatIsSetAsideIsNobodysShare() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount one = budget.open(STUBBORN);
        assertThat(budget.setAside(101)).isFalse();
        assertThat(budget.setAside(20)).isTrue();
        assertThat(budget.share()).isEqualTo(80);
        assertThat(one.tryReserve(81)).isFalse();
        assertThat(one.tryReserve(80)).isTrue();
        assertThat(budget.setAside(1)).isFalse();
        budget.setReclaimer((of, bytes) -> {
            one.release(10);
            return one.reserved() > 0;
        });
        one.setIdle(true);
        assertThat(budget.setAside(15)).as("idle accounts give way").isTrue();
        assertThat(one.reserved()).isEqualTo(60);
        budget.giveBackAside(35);
        assertThat(budget.reserved()).isEqualTo(60);
        assertThatIllegalArgumentException().isThrownBy(() -> budget.giveBackAside(1));
    }

    @Test
    void aLowerCapGrantsNothingUntilEnoughCameBack() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount account = budget.open(STUBBORN);
        account.tryReserve(80);
        budget.setCap(50);
        assertThat(budget.free()).isZero();
        assertThat(account.tryReserve(1)).isFalse();
        account.release(31);
        assertThat(account.tryReserve(2)).isFalse();
        assertThat(account.tryReserve(1)).isTrue();
    }

    @Test
    void noAccountGivesBackMoreThanItHas() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount account = budget.open(STUBBORN);
        account.tryReserve(10);
        budget.open(STUBBORN).tryReserve(50);
        assertThatIllegalArgumentException().isThrownBy(() -> account.release(11));
        assertThat(budget.reserved()).isEqualTo(60);
    }

    @Test
    void aClosedAccountHoldsNothingAndGetsNothing() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount account = budget.open(STUBBORN);
        MemoryAccount other = budget.open(STUBBORN);
        other.tryReserve(5);
        account.tryReserve(30);
        account.claim(40);
        assertThat(budget.share()).isEqualTo(50);
        account.close();
        account.close();
        assertThat(budget.reserved()).isEqualTo(5);
        assertThat(account.tryReserve(1)).isFalse();
        account.claim(10);
        assertThat(budget.reserved()).isEqualTo(5);
        assertThat(budget.share()).isEqualTo(100);
    }

    /** It once was asked for without end. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatIsClaimedCanBeTakenUnderALowerCap() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount account = budget.open(STUBBORN);
        assertThat(account.tryReserve(50)).isTrue();
        account.claim(40);
        budget.setCap(80);
        assertThat(account.tryReserve(20)).isTrue();
        assertThat(budget.reserved()).as("no more than before").isEqualTo(90);
        assertThat(account.tryReserve(21)).as("more than was claimed").isFalse();
    }

    @Test
    void whatIsClaimedIsNobodyElses() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount one = budget.open(STUBBORN);
        MemoryAccount two = budget.open(STUBBORN);
        one.claim(30);
        assertThat(one.reserved()).isZero();
        assertThat(two.tryReserve(71)).isFalse();
        assertThat(two.tryReserve(70)).isTrue();
        assertThat(one.tryReserve(31)).isFalse();
        assertThat(one.tryReserve(30)).isTrue();
        assertThat(budget.reserved()).isEqualTo(100);
    }

    @Test
    void whatWasClaimedInVainGoesBackWithTheNextClaim() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount account = budget.open(STUBBORN);
        account.claim(80);
        account.tryReserve(10);
        account.claim(20);
        assertThat(budget.reserved()).isEqualTo(30);
        account.giveUpClaim();
        assertThat(budget.reserved()).isEqualTo(10);
    }

    @Test
    void aLateAccountGetsItsShareAndNotMore() {
        MemoryBudget budget = new MemoryBudget(100);
        Generous first = Generous.in(budget);
        first.account.tryReserve(100);
        Generous late = Generous.in(budget);
        late.account.claim(80);
        assertThat(late.account.tryReserve(50)).isTrue();
        assertThat(late.account.tryReserve(1)).isFalse();
        assertThat(first.account.reserved()).isEqualTo(50);
        first.account.claim(10);
        assertThat(late.asked).as("nobody below its share is asked").isEmpty();
    }

    @Test
    void onlyAccountsOverTheirShareAreAskedAndForNoMoreThanThat() {
        MemoryBudget budget = new MemoryBudget(90);
        Generous large = Generous.in(budget);
        Generous small = Generous.in(budget);
        large.account.tryReserve(60);
        small.account.tryReserve(30);
        Generous late = Generous.in(budget);
        late.account.claim(30);
        assertThat(large.asked).containsExactly(30L);
        assertThat(small.asked).isEmpty();
        assertThat(late.account.available()).isEqualTo(30);
    }

    @Test
    void nobodyIsAskedWhileThereIsEnough() {
        MemoryBudget budget = new MemoryBudget(100);
        Generous large = Generous.in(budget);
        large.account.tryReserve(80);
        budget.open(STUBBORN).claim(20);
        assertThat(large.asked).isEmpty();
    }

    @Test
    void whoCannotGiveBackHoldsNobodyUp() {
        MemoryBudget budget = new MemoryBudget(100);
        budget.open(STUBBORN).tryReserve(100);
        MemoryAccount late = budget.open(STUBBORN);
        late.claim(10);
        assertThat(late.tryReserve(1)).isFalse();
    }

    /** To find that it has nothing to give takes a large session long, and a small one comes in each layer of each step. */
    @Test
    void whoGivesNothingIsAskedMoreAndMoreRarely() {
        MemoryBudget budget = new MemoryBudget(100);
        int[] asked = new int[1];
        boolean[] gives = new boolean[1];
        MemoryAccount[] large = new MemoryAccount[1];
        large[0] = budget.open(bytes -> {
            asked[0]++;
            if (gives[0]) {
                large[0].release(bytes);
            }
        });
        assertThat(large[0].tryReserve(100)).isTrue();
        MemoryAccount small = budget.open(STUBBORN);
        for (int claim = 0; claim < 640; claim++) {
            small.claim(10);
        }
        assertThat(asked[0]).isBetween(8, 20);
        int before = asked[0];
        small.claim(20);
        assertThat(asked[0]).as("for more it is asked at once").isEqualTo(before + 1);
        small.claim(20);
        small.claim(10);
        assertThat(asked[0]).isEqualTo(before + 1);
        gives[0] = true;
        for (int claim = 0; claim < 100; claim++) {
            small.claim(10);
        }
        assertThat(small.tryReserve(10)).as("it is asked again in the end").isTrue();
    }

    /** Each thread knows what it holds; the sum of what it knows never was above the cap. */
    @Test
    void manyThreadsNeverHoldMoreThanTheCap() throws InterruptedException, ExecutionException {
        MemoryBudget budget = new MemoryBudget(1000);
        AtomicLong held = new AtomicLong();
        AtomicLong most = new AtomicLong();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int seed = thread;
                running.add(threads.submit(() -> useAtRandom(budget, seed, held, most)));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
        assertThat(most.get()).isLessThanOrEqualTo(1000).isGreaterThan(500);
        assertThat(budget.peak()).isLessThanOrEqualTo(1000).isGreaterThanOrEqualTo(most.get());
        assertThat(budget.reserved()).isZero();
        assertThat(budget.share()).isEqualTo(1000);
    }

    private static void useAtRandom(MemoryBudget budget, long seed, AtomicLong held, AtomicLong most) {
        Random random = new Random(seed);
        for (int life = 0; life < 50; life++) {
            long mine = 0;
            try (MemoryAccount account = budget.open(STUBBORN)) {
                for (int i = 0; i < 200; i++) {
                    long bytes = random.nextInt(200);
                    switch (random.nextInt(4)) {
                        case 0 -> account.claim(bytes);
                        case 1 -> {
                            bytes = Math.min(bytes, mine);
                            mine -= bytes;
                            held.addAndGet(-bytes);
                            account.release(bytes);
                        }
                        default -> {
                            if (account.tryReserve(bytes)) {
                                mine += bytes;
                                most.accumulateAndGet(held.addAndGet(bytes), Math::max);
                            }
                        }
                    }
                    assertThat(account.reserved()).isEqualTo(mine);
                }
                held.addAndGet(-mine);
            }
        }
    }

    /** At the cap every layer of every step comes to that. */
    @Tag(Allocation.TAG)
    @Test
    void whatFailedIsNotTriedAgainBeforeSomethingChanges() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount one = budget.open(STUBBORN);
        assertThat(one.tryReserve(95)).isTrue();
        int[] asked = new int[1];
        budget.setReclaimer((of, bytes) -> {
            asked[0]++;
            return false;
        });
        one.claim(10);
        assertThat(asked[0]).isOne();
        one.claim(10);
        one.claim(20);
        assertThat(asked[0]).as("nothing changed").isOne();
        Allocation.assertNoneAfterAWhile(() -> one.claim(10));
        MemoryAccount two = budget.open(STUBBORN);
        one.claim(10);
        assertThat(asked[0]).as("another share").isEqualTo(2);
        two.setIdle(true);
        one.claim(10);
        assertThat(asked[0]).as("one less to share with").isEqualTo(3);
        one.release(3);
        one.claim(10);
        assertThat(asked[0]).as("some bytes came back").isEqualTo(4);
        budget.setCap(200);
        one.claim(10);
        assertThat(asked[0]).as("enough").isEqualTo(4);
        assertThat(one.tryReserve(10)).isTrue();
        two.close();
    }

    /** Where many sessions can't give back, asking all of them for every layer of every step would take most of the time. */
    @Test
    void whoHasNothingToGiveIsAskedTheMoreRarelyTheMoreThereAre() {
        for (int owners : new int[]{1, 3, 40}) {
            MemoryBudget budget = new MemoryBudget(owners * 100L);
            int[] asked = new int[1];
            for (int i = 0; i < owners; i++) {
                assertThat(budget.open(bytes -> asked[0]++).tryReserve(100)).isTrue();
            }
            MemoryAccount late = budget.open(STUBBORN);
            late.claim(5);
            assertThat(asked[0]).as("all once").isEqualTo(owners);
            for (int i = 1; i < 100; i++) {
                late.claim(5);
            }
            assertThat(asked[0]).as("of %s", owners).isBetween(5 * owners, 400);
        }
    }

    /** The same where others take and give all the time. */
    @Test
    void changesDoNotHaveThemAllAskedAgain() {
        MemoryBudget budget = new MemoryBudget(4010);
        int[] asked = new int[1];
        for (int i = 0; i < 40; i++) {
            assertThat(budget.open(bytes -> asked[0]++).tryReserve(100)).isTrue();
        }
        MemoryAccount busy = budget.open(STUBBORN);
        MemoryAccount late = budget.open(STUBBORN);
        for (int i = 0; i < 100; i++) {
            assertThat(busy.tryReserve(10)).isTrue();
            late.claim(5);
            busy.release(10);
        }
        assertThat(asked[0]).isBetween(100, 400);
        late.claim(5);
        assertThat(busy.tryReserve(6)).as("what came back is claimed at once").isFalse();
    }

    /** It could not at first, for it was at work. */
    @Test
    void whoCanGiveBackLaterIsFoundWithoutAChange() {
        MemoryBudget budget = new MemoryBudget(4000);
        for (int i = 0; i < 39; i++) {
            assertThat(budget.open(STUBBORN).tryReserve(100)).isTrue();
        }
        boolean[] isAtWork = {true};
        Generous generous = new Generous();
        generous.account = budget.open(bytes -> {
            if (!isAtWork[0]) {
                generous.giveBack(bytes);
            }
        });
        assertThat(generous.account.tryReserve(100)).isTrue();
        MemoryAccount late = budget.open(STUBBORN);
        late.claim(2);
        late.claim(2);
        isAtWork[0] = false;
        int claims = 0;
        while (generous.asked.isEmpty() && claims < 40) {
            late.claim(2);
            claims++;
        }
        assertThat(claims).isLessThanOrEqualTo(10);
        assertThat(late.tryReserve(2)).isTrue();
        assertThat(generous.asked).as("no more than it holds too much").containsExactly(2L);
    }

    /** However much others hold, they owe nothing to one that has its share. */
    @Tag(Allocation.TAG)
    @Test
    void whoHasItsShareAsksNobody() {
        MemoryBudget budget = new MemoryBudget(100);
        MemoryAccount one = budget.open(STUBBORN);
        Generous two = Generous.in(budget);
        budget.open(STUBBORN);
        assertThat(one.tryReserve(40)).isTrue();
        assertThat(two.account.tryReserve(60)).isTrue();
        int[] reclaims = new int[1];
        budget.setReclaimer((of, bytes) -> {
            reclaims[0]++;
            return false;
        });
        one.claim(10);
        one.claim(10);
        assertThat(reclaims[0]).as("nothing changed").isOne();
        assertThat(two.asked).isEmpty();
        Allocation.assertNoneAfterAWhile(() -> one.claim(10));
        budget.setCap(210);
        one.claim(150);
        assertThat(two.asked).as("its share is larger now, and all that is free not enough").isEmpty();
        assertThat(one.tryReserve(110)).isTrue();
    }

    @Test
    void theShareIsThatOfTheAccountsAtWork() {
        MemoryBudget budget = new MemoryBudget(120);
        MemoryAccount one = budget.open(STUBBORN);
        MemoryAccount two = budget.open(STUBBORN);
        MemoryAccount three = budget.open(STUBBORN);
        assertThat(budget.share()).isEqualTo(40);
        two.setIdle(true);
        two.setIdle(true);
        assertThat(budget.share()).isEqualTo(60);
        two.close();
        two.setIdle(false);
        assertThat(budget.share()).as("one that is closed does not count").isEqualTo(60);
        one.close();
        three.setIdle(true);
        assertThat(budget.share()).isEqualTo(120);
        three.setIdle(false);
        assertThat(budget.share()).isEqualTo(120);
    }

    @Test
    void aCapBelowWhatIsSetAsideLeavesNoShare() {
        MemoryBudget budget = new MemoryBudget(100);
        assertThat(budget.setAside(20)).isTrue();
        budget.setCap(10);
        assertThat(budget.share()).isZero();
        budget.giveBackAside(20);
        assertThat(budget.share()).isEqualTo(10);
    }
}
