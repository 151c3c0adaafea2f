package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BindingTest {
    @Test
    void tokenIdsOutliveTheSession() {
        Binding binding = new Binding();
        binding.tokens().record(0, 1, 2);
        assertThat(binding.endSession()).isNull();
        assertThat(binding.tokens().size()).isEqualTo(2);
    }

    @Test
    void staysTheHostsOnceItIs() {
        Binding binding = new Binding();
        assertThat(binding.isHostsOwn()).isFalse();
        binding.leaveToHost();
        assertThat(binding.isHostsOwn()).isTrue();
    }
}
