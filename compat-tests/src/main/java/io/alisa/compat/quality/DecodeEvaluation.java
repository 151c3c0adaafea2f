package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Teacher-forced decoding: the prompt is read densely, then the true tokens one by one under a setting. The first setting
 * that is run must be the one the others are compared with.
 */
final class DecodeEvaluation {
    private final TrainedModel model;
    private final boolean verify;
    private final Map<String, List<Window>> windows;
    private final Map<Window, float[][]> reference = new LinkedHashMap<>();

    DecodeEvaluation(TrainedModel model, Map<String, List<Window>> windows, boolean verify) {
        this.model = model;
        this.windows = windows;
        this.verify = verify;
    }

    DecodeResult run(Setting setting) {
        setting.apply();
        Map<String, Scores> texts = new LinkedHashMap<>();
        Mean attended = new Mean();
        try (AttentionRecording recording = new AttentionRecording()) {
            windows.forEach((text, cuts) -> {
                List<Scores> scores = new ArrayList<>();
                for (Window window : cuts) {
                    float[][] said = decode(window, setting, attended);
                    scores.add(Scores.of(window, said, reference.computeIfAbsent(window, w -> said)));
                }
                texts.put(text, Scores.join(scores));
            });
            return new DecodeResult(setting, texts, attended.value(), recording.finish());
        }
    }

    private float[][] decode(Window window, Setting setting, Mean attended) {
        try (Session session = model.open()) {
            session.read(window.head());
            float[][] said = new float[window.steps()][];
            for (int i = 0; i < said.length; i++) {
                session.step(window.read(i));
                said[i] = LogProbabilities.of(session.logits());
            }
            attended.add(session.attended(setting, verify));
            return said;
        }
    }
}
