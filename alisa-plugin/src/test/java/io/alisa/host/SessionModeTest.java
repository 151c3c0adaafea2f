package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Properties;

import io.alisa.cache.KvFormat;
import io.alisa.config.Configuration;
import io.alisa.sparse.Budget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionModeTest {
    private static Configuration configuration(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Configuration.of(properties, Map.of());
    }

    @ParameterizedTest
    @CsvSource({"false,,F32,exact F32", "false,,BF16,exact BF16", "false,host,F32,exact F32",
            "false,host,BF16,exact BF16", "false,int8,F32,dense INT8", "false,int8,BF16,dense INT8",
            "true,,F32,sparse swa 20 % INT8", "true,,BF16,sparse swa 20 % INT8", "true,host,F32,sparse swa 20 % F32",
            "true,host,BF16,sparse swa 20 % F32", "true,int8,F32,sparse swa 20 % INT8",
            "true,int8,BF16,sparse swa 20 % INT8"})
    void everyCombination(String sparse, String type, KvFormat host, String expected) {
        SessionMode mode = SessionMode.of(type == null
                ? configuration("alisa.sparse", sparse)
                : configuration("alisa.sparse", sparse, "alisa.kv.type", type), host);
        assertThat(mode.describe()).isEqualTo(expected);
        assertThat(mode.exact()).isEqualTo(expected.startsWith("exact"));
        assertThat(mode.policy()).isEqualTo(sparse.equals("true") ? "swa" : null);
        assertThat(expected).endsWith(mode.format().name());
    }

    @ParameterizedTest
    @CsvSource({"0.2,20", "1,100", "0.125,12.5", "0.05,5", "0.333333,33.3", "0.001,0.1"})
    void theShareIsSaidInPercent(String ratio, String percent) {
        Configuration configuration = configuration("alisa.sparse", "true", "alisa.sparse.caching-ratio", ratio,
                "alisa.sparse.policy", "h2o", "alisa.sparse.min-context", "17");
        SessionMode mode = SessionMode.of(configuration, KvFormat.F32);
        assertThat(mode.describe()).isEqualTo("sparse h2o " + percent + " % INT8");
        assertThat(mode.budget()).isEqualTo(new Budget(Double.parseDouble(ratio), 17));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1.5", "-0.1", "NaN", "a fifth", ""})
    void aShareThatIsNoneWarnsAndTheDefaultHolds(String ratio) {
        Configuration configuration = configuration("alisa.sparse", "true", "alisa.sparse.caching-ratio", ratio);
        assertThat(configuration.warnings()).singleElement().asString().contains("alisa.sparse.caching-ratio");
        assertThat(SessionMode.of(configuration, KvFormat.F32).describe()).isEqualTo("sparse swa 20 % INT8");
    }

    @ParameterizedTest
    @CsvSource({"alisa.sparse,perhaps,exact F32", "alisa.kv.type,int4,exact F32", "alisa.sparse.policy,best,exact F32",
            "alisa.sparse.min-context,some,exact F32"})
    void whatMakesNoSenseElsewhereNeither(String key, String value, String expected) {
        Configuration configuration = configuration(key, value);
        assertThat(configuration.warnings()).hasSize(1);
        assertThat(SessionMode.of(configuration, KvFormat.F32).describe()).isEqualTo(expected);
    }

    @Test
    void exactIsWhatTheHostHas() {
        assertThat(SessionMode.exact(KvFormat.BF16).describe()).isEqualTo("exact BF16");
        assertThat(SessionMode.exact(KvFormat.F32)).isEqualTo(new SessionMode(KvFormat.F32, true, null,
                new Budget(1, 0)));
    }

    /** Only equal modes go on from each other's KV: what was saved must not differ by a budget that it does not use. */
    @ParameterizedTest
    @CsvSource({"false,host", "false,int8", "true,host", "true,int8"})
    void whatWasSavedIsTheModeItWas(String sparse, String type) {
        SessionMode mode = SessionMode.of(configuration("alisa.sparse", sparse, "alisa.kv.type", type,
                "alisa.sparse.caching-ratio", "0.3", "alisa.sparse.min-context", "40"), KvFormat.F32);
        assertThat(SessionMode.of(mode.texts(), mode.format(), KvFormat.F32)).isEqualTo(mode);
        assertThat(mode.budget()).isEqualTo(sparse.equals("true") ? new Budget(0.3, 40) : new Budget(1, 0));
    }
}
