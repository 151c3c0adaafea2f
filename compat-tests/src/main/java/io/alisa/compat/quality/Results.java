package io.alisa.compat.quality;

import java.util.List;
import java.util.Optional;

/** All that was measured. */
record Results(List<DecodeResult> decode, List<RecallResult> recall) {

    /** What the others are compared with. */
    DecodeResult dense() {
        return decode(Setting.DENSE_F32).orElseThrow();
    }

    Optional<DecodeResult> decode(Setting setting) {
        return decode.stream().filter(result -> result.setting().equals(setting)).findFirst();
    }

    Optional<RecallResult> recall(Setting setting, int distance) {
        return recall.stream().filter(r -> r.setting().equals(setting) && r.distance() == distance).findFirst();
    }

    List<String> texts() {
        return List.copyOf(dense().texts().keySet());
    }

    List<Integer> distances() {
        return recall.stream().map(RecallResult::distance).distinct().sorted().toList();
    }

    List<Setting> recallSettings() {
        return recall.stream().map(RecallResult::setting).distinct().toList();
    }

    /** Whether the plugin gave samples of its attention. */
    boolean sampled() {
        return decode.stream().anyMatch(result -> result.attention().samples() > 0);
    }

    /** Samples of the attention as dense as there are any. */
    Optional<DecodeResult> densestSampled() {
        return decode.stream().filter(result -> !result.attention().sparsity().isEmpty())
                .min((a, b) -> Integer.compare(a.setting().sparsity(), b.setting().sparsity()));
    }
}
