package io.alisa.compat.scenario;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.AbstractModel.InferenceType;
import com.github.tjake.jlama.model.functions.Generator.PoolingType;

/** Embeddings of a few texts by an encoder, in every way of pooling; they are the trace's "logits". */
final class EmbedRun {
    private static final List<String> TEXTS = List.of("a", "the lamp is in the cellar",
            "remember this, the gate code of alice is not for bob to know");

    private EmbedRun() {
    }

    static Recording run(Scenario scenario, Path workingDirectory) {
        Trace trace = new Trace();
        try (AbstractModel model = HostModels.load(scenario, workingDirectory, InferenceType.FULL_EMBEDDING,
                Optional.empty())) {
            for (String text : TEXTS) {
                for (PoolingType pooling : PoolingType.values()) {
                    trace.add(0, model.embed(text, pooling));
                }
            }
        }
        EnumMap<Fact, String> facts = new EnumMap<>(Fact.class);
        facts.put(Fact.PLUGIN_SESSIONS, PluginProbe.openSessions().toString());
        return new Recording(List.of(trace), facts);
    }
}
