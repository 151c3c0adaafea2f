package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;

/** A scenario whose tokens must be the host's own, with what is needed to tell a tie from an error. */
record IdentityCase(Scenario scenario, Rounding rounding, int layers, int hidden, int context) {

    static IdentityCase of(Scenario scenario, TinyModel model) {
        return new IdentityCase(scenario, Rounding.of(model.weights(), scenario.types()), model.layers(),
                model.hidden(), 2 * scenario.prompt() + 2 * scenario.decode());
    }

    /** The smallest: for tests of where and how the host runs, not of what it computes. */
    static IdentityCase ofLlama(Workspace workspace) throws IOException {
        TinyModel model = TinyModel.of(Family.LLAMA);
        return of(Scenario.of("LLAMA", Kind.GREEDY, workspace.model(model), Types.F32, 100, 100), model);
    }

    /** Of the trained model in the examples. */
    static IdentityCase ofMemo(Scenario scenario) {
        return new IdentityCase(scenario, Rounding.BF16_ACTIVATIONS, 6, 256, 1024);
    }

    /** Compares every session of the scenario and asserts that the plugin really served them. */
    Comparison check(HostResult host, HostResult plugin) throws IOException {
        Recording expected = host.recording(scenario.name());
        Recording actual = plugin.recording(scenario.name());
        if (HostProcess.pluginAvailable()) {
            assertThat(actual.fact(Fact.PLUGIN_ACTIVE)).as("the plugin is active").isEqualTo("true");
            assertThat(actual.fact(Fact.PLUGIN_SESSIONS)).as("tokens of the plugin's sessions")
                    .isEqualTo(actual.fact(Fact.FED));
            assertThat(actual.number(Fact.PAGE_FILES)).as("page files of the plugin").isZero();
        }
        assertThat(expected.number(Fact.PAGE_FILES)).as("page files of the host alone").isPositive();
        Comparison all = compare(expected, actual);
        assertThat(all.errors()).as(scenario.name()).isEmpty();
        assertThat(all.nmse()).as("NMSE of the logits of %s", scenario.name())
                .isLessThanOrEqualTo(rounding.errorBound());
        return all;
    }

    Comparison compare(Recording expected, Recording actual) {
        assertThat(actual.traces()).hasSameSizeAs(expected.traces()).isNotEmpty();
        int tokens = 0;
        int ties = 0;
        List<String> errors = new ArrayList<>();
        double largest = 0;
        double nmse = 0;
        for (int session = 0; session < expected.traces().size(); session++) {
            Comparison one = Comparison.of(expected.traces().get(session), actual.traces().get(session),
                    logits -> rounding.tieGap(layers, hidden, context, Comparison.largest(logits)));
            tokens += one.tokens();
            ties += one.ties();
            errors.addAll(one.errors());
            largest = Math.max(largest, one.largest());
            nmse = Math.max(nmse, one.nmse());
        }
        return new Comparison(tokens, ties, errors, largest, nmse);
    }
}
