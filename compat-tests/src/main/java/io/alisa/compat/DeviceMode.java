package io.alisa.compat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;

/** How a session with a device attends, and what is said so to compare it with the CPU. */
public enum DeviceMode {
    DENSE("dense", Map.of()), //
    /** The CPU selects, the device attends. */
    SPARSE("sparse", Map.of("alisa.sparse", "true")),
    /** So large a window covers the newest block: then the device selects, too. */
    SELECTING("the device selects", Map.of("alisa.sparse", "true", "alisa.sparse.caching-ratio", "0.85"));

    private final String label;
    @SuppressWarnings("ImmutableEnumChecker") // Map.of makes it so
    private final Map<String, String> settings;

    DeviceMode(String label, Map<String, String> settings) {
        this.label = label;
        this.settings = settings;
    }

    public String label() {
        return label;
    }

    /** A short prompt, and one that is cut back. */
    public List<Scenario> scenarios(Path model) {
        return named(Scenario.of("plain", Kind.GREEDY, model, Types.F32, 300, 40),
                Scenario.of("rewound", Kind.REWIND, model, Types.F32, 200, 8));
    }

    /** Those, and a longer one. */
    public List<Scenario> moreScenarios(Path model) {
        return Stream.concat(scenarios(model).stream(),
                named(Scenario.of("long", Kind.GREEDY, model, Types.F32, 1500, 64)).stream()).toList();
    }

    private List<Scenario> named(Scenario... scenarios) {
        return Stream.of(scenarios)
                .map(scenario -> scenario.name(label + ", " + scenario.name()).settings(settings)).toList();
    }
}
