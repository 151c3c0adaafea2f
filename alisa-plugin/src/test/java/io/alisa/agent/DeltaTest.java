package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeltaTest {
    private final Random random = new Random(7);

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void assertLeads(byte[] before, byte[] after) throws IOException {
        assertThat(Delta.apply(before, Delta.between(before, after))).isEqualTo(after);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 1000})
    void leadsAnywhereFromAnything(int length) throws IOException {
        assertLeads(bytes(length), bytes(100));
        assertLeads(bytes(100), bytes(length));
        assertLeads(new byte[length], new byte[2 * length]);
    }

    @Test
    void holdsLittleButWhatIsNew() throws IOException {
        byte[] before = bytes(5000);
        byte[] after = Arrays.copyOf(before, 5100);
        System.arraycopy(before, 2000, after, 2100, 3000);
        System.arraycopy(bytes(100), 0, after, 2000, 100);
        assertLeads(before, after);
        assertThat(Delta.between(before, after)).hasSizeLessThan(150);
        assertThat(Delta.between(before, before)).hasSizeLessThan(20);
    }
}
