package io.alisa.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FloorTest {
    private final Floor floor = new Floor();

    @Test
    void theFirstDoesNotWait() {
        try (Floor.Place first = floor.ask()) {
            assertThat(first.await(FloorTest::notAsked)).isTrue();
        }
    }

    @Test
    void theFloorGoesOnInTheOrderOfAsking() {
        Floor.Place first = floor.ask();
        Floor.Place second = floor.ask();
        Floor.Place third = floor.ask();
        assertThat(second.await(() -> false)).isFalse();
        first.close();
        assertThat(third.await(() -> false)).as("behind the second one").isFalse();
        assertThat(second.await(FloorTest::notAsked)).isTrue();
        second.close();
        assertThat(third.await(FloorTest::notAsked)).isTrue();
        third.close();
    }

    @Test
    void itIsGivenUpToWhoWaits() {
        Floor.Place first = floor.ask();
        try (Floor.Place second = floor.ask()) {
            assertThat(second.await(() -> {
                first.close();
                return true;
            })).isTrue();
        }
    }

    @Test
    void whoLeavesTheLineKeepsNobodyWaiting() {
        Floor.Place first = floor.ask();
        Floor.Place second = floor.ask();
        Floor.Place third = floor.ask();
        second.close();
        assertThat(third.await(() -> false)).isFalse();
        first.close();
        assertThat(third.await(FloorTest::notAsked)).isTrue();
        third.close();
    }

    @Test
    void nobodyOvertakesWhoWaits() {
        Floor.Place first = floor.ask();
        assertThat(floor.askIfFree()).isEmpty();
        Floor.Place second = floor.ask();
        first.close();
        assertThat(floor.askIfFree()).isEmpty();
        second.close();
        assertThat(floor.askIfFree()).isPresent();
    }

    @Test
    void whoIsInterruptedGivesUp() {
        Floor.Place first = floor.ask();
        try (Floor.Place second = floor.ask()) {
            Thread.currentThread().interrupt();
            assertThat(second.await(() -> true)).isFalse();
            assertThat(Thread.interrupted()).isTrue();
        }
        first.close();
    }

    private static boolean notAsked() {
        throw new AssertionError("it has the floor already");
    }
}
