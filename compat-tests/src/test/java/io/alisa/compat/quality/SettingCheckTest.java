package io.alisa.compat.quality;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SettingCheckTest {
    private static final Setting SWA = new Setting(Policy.SWA, 80, false);

    @Test
    void whatWasAskedForIsAccepted() {
        assertThat(SettingCheck.complaint(Setting.DENSE_F32, "exact F32", 1000, 1000)).isNull();
        assertThat(SettingCheck.complaint(Setting.DENSE_INT8, "dense, INT8", 1000, 1000)).isNull();
        assertThat(SettingCheck.complaint(SWA, "sparse swa (r = 0.2), F32", 204, 1000)).isNull();
        assertThat(SettingCheck.complaint(Setting.SPARSE_DEFAULT, "sparse swa INT8", 200, 1000)).isNull();
        assertThat(SettingCheck.complaint(new Setting(Policy.H2O, 0, true), "sparse h2o INT8", 1000, 1000)).isNull();
    }

    @Test
    void anotherModeIsNot() {
        assertThat(SettingCheck.complaint(SWA, "exact F32", 1000, 1000)).contains("swa at 80 %, F32", "exact F32",
                "1000.0 of 1000.0");
        assertThat(SettingCheck.complaint(SWA, "sparse swa-paper F32", 200, 1000)).isNotNull();
        assertThat(SettingCheck.complaint(SWA, "sparse swa INT8", 200, 1000)).isNotNull();
        assertThat(SettingCheck.complaint(Setting.DENSE_F32, "sparse swa F32", 1000, 1000)).isNotNull();
    }

    @Test
    void anotherNumberOfTokensIsNot() {
        assertThat(SettingCheck.complaint(SWA, "sparse swa F32", 1000, 1000)).isNotNull();
        assertThat(SettingCheck.complaint(SWA, "sparse swa F32", 60, 1000)).isNotNull();
        assertThat(SettingCheck.complaint(SWA, "sparse swa F32", 150, 1000)).isNotNull();
        assertThat(SettingCheck.complaint(Setting.DENSE_F32, "dense F32", 900, 1000)).isNotNull();
    }
}
