package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Runs everything, one setting after the other: same JVM, same weights, same text. */
final class Evaluation {
    /** A prompt's tokens are read several times as fast as others are decoded. */
    private static final int PREFILL_SPEED = 4;

    private final TrainedModel model;
    private final Options options;
    private final Texts texts;

    Evaluation(TrainedModel model, Options options, Texts texts) {
        this.model = model;
        this.options = options;
        this.texts = texts;
    }

    Results run() {
        Map<String, List<Window>> windows = new LinkedHashMap<>();
        for (EvaluationText text : texts.read()) {
            windows.put(text.name(),
                    Window.cut(text, options.windows(), options.prompt(), options.tokens(), model::encode));
        }
        Map<Integer, List<Conversation>> conversations = new LinkedHashMap<>();
        for (int distance : options.distances()) {
            conversations.put(distance, Conversation.at(distance, options.questions(), model, texts.filler()));
        }
        List<Setting> decodeSettings = Setting.grid(options.sparsities());
        List<Setting> recallSettings = Setting.grid(List.of(Setting.SPARSE_DEFAULT.sparsity()));
        long decodeWork = (long) texts.read().size() * options.windows()
                * (options.tokens() + options.prompt() / PREFILL_SPEED);
        Progress progress = new Progress(decodeWork * decodeSettings.size()
                + conversations.values().stream().mapToLong(Evaluation::work).sum() * recallSettings.size());

        List<DecodeResult> decode = new ArrayList<>();
        DecodeEvaluation decoding = new DecodeEvaluation(model, windows, options.verify());
        for (Setting setting : decodeSettings) {
            DecodeResult result = decoding.run(setting);
            decode.add(result);
            progress.done(decodeWork,
                    String.format(Locale.ROOT, "%s: perplexity %.3f, %s", setting, result.all().perplexity(),
                            Markdown.change(result.change(decode.get(0)))));
        }
        List<RecallResult> recall = new ArrayList<>();
        RecallEvaluation recalling = new RecallEvaluation(model, options.verify());
        for (Setting setting : recallSettings) {
            conversations.forEach((distance, all) -> {
                RecallResult result = recalling.run(setting, all);
                recall.add(result);
                progress.done(work(all),
                        String.format(Locale.ROOT, "%s: recall over %d tokens %d of %d", setting, distance,
                                result.count(), result.questions()));
            });
        }
        return new Results(decode, recall);
    }

    private static long work(List<Conversation> conversations) {
        int tokensPerQuestion = 30;
        return conversations.stream()
                .mapToLong(c -> c.distance() / PREFILL_SPEED + (long) tokensPerQuestion * c.facts().size()).sum();
    }
}
