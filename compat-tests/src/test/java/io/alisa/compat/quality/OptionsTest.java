package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Properties;

import org.junit.jupiter.api.Test;

class OptionsTest {
    @Test
    void emptyPropertiesAreTheDefaults() {
        assertThat(of("quality.quick", "", "quality.tokens", "")).isEqualTo(of());
        assertThat(of().sparsities()).containsExactly(0, 20, 40, 60, 80, 90);
    }

    @Test
    void theCommandRunsItAgainAndNamesNoDirectory() {
        assertThat(of("quality.quick", "true", "quality.texts", "/somewhere/a.txt,b.txt").command())
                .isEqualTo("mvn -Pquality -DskipTests -Dquality.quick=true -Dquality.texts=a.txt,b.txt verify");
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> of("quality.windows", "0")).hasMessageContaining("quality.windows='0'");
        assertThatThrownBy(() -> of("quality.quick", "yes")).hasMessageContaining("quality.quick='yes'");
        assertThatThrownBy(() -> of("quality.prompt", "2000")).hasMessageContaining("2048");
    }

    private static Options of(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Options.of(properties);
    }
}
