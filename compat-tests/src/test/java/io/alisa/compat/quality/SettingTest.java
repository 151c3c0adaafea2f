package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Properties;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SettingTest {
    private final Properties before = (Properties) System.getProperties().clone();

    @AfterEach
    void restore() {
        System.setProperties(before);
    }

    @Test
    void theGridBeginsWithWhatTheRestIsComparedWith() {
        List<Setting> grid = Setting.grid(List.of(20, 80));
        assertThat(grid).startsWith(Setting.DENSE_F32, Setting.DENSE_INT8).contains(Setting.SPARSE_DEFAULT)
                .doesNotHaveDuplicates().hasSize(2 + 6 * 2 * 2);
    }

    @Test
    void aSparseSettingReachesThePlugin() {
        new Setting(Policy.STREAMING_LLM, 90, false).apply();
        assertThat(System.getProperty("alisa.sparse")).isEqualTo("true");
        assertThat(System.getProperty("alisa.sparse.policy")).isEqualTo("streaming-llm");
        assertThat(System.getProperty("alisa.sparse.caching-ratio")).isEqualTo("0.1");
        assertThat(System.getProperty("alisa.kv.type")).isEqualTo("host");
    }

    @Test
    void denseInt8IsNotSparse() {
        Setting.DENSE_INT8.apply();
        assertThat(System.getProperty("alisa.sparse")).isEqualTo("false");
        assertThat(System.getProperty("alisa.kv.type")).isEqualTo("int8");
    }
}
