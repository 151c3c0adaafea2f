package io.alisa.units;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({"0,0", "1,1", "1023,1023", "1b,1", "512m,536870912", "512M,536870912", "8g,8589934592",
            "8gb,8589934592", "3k,3072", "2t,2199023255552", "8Gi,8589934592", "8GiB,8589934592", "512MiB,536870912",
            "1.5g,1610612736", "8 GB,8589934592", "11.8 GiB,12670153523", "0.5k,512", "0.0001k,0", "7 b,7"})
    void readsWhatPeopleWrite(String text, long bytes) {
        assertThat(ByteSize.isSize(text)).isTrue();
        assertThat(ByteSize.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "-1", "-1.5g", "1.5", "1.5 b", ".5g", "1.g", "1,5g", "1.5.5g", "8ib",
            "8 i", "8g b", "8 g 1", "1e3", "8x", "auto", "9999999999999999", "999999999999999t", "8388608.0t"})
    void refusesTheRest(String text) {
        assertThat(ByteSize.isSize(text)).isFalse();
        assertThatThrownBy(() -> ByteSize.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write for instance 512m or 8g");
    }

    @ParameterizedTest
    @CsvSource({"0,0 B", "1023,1023 B", "1024,1.0 KiB", "1536,1.5 KiB", "536870912,512.0 MiB",
            "8589934592,8.0 GiB", "1099511627776,1.0 TiB", "9223372036854775807,8.0 EiB"})
    void writesWhatPeopleRead(long bytes, String text) {
        assertThat(ByteSize.format(bytes)).isEqualTo(text);
    }
}
