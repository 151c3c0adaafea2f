package io.alisa.compat.simulate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.alisa.schedule.Expectation;

/** Outcomes of all setups: every machine, every model whose weights fit it, every batch, every policy; models with grouped heads with long prompts too. */
final class Results {
    static final List<Integer> BATCHES = List.of(4, 8, 16, 32, 64);

    /**
     * What was run with every policy.
     *
     * @param machine the machine
     * @param model   the model
     * @param batch   sequences decoded together
     * @param length  tokens in, and in the end
     */
    record Case(SimulatedMachine machine, SimulatedModel model, int batch, Expectation length) {
        Setup with(Policy policy) {
            return Setup.of(machine, model, batch, length, policy);
        }

        boolean paperLength() {
            return length.equals(Setup.PAPER);
        }

        boolean grouped() {
            return model.dimensions().grouped();
        }

        /** Whether all KV fits the GPU in FP16, so that there is nothing to schedule. */
        boolean roomy() {
            Setup setup = with(Policy.STATIC_SPLIT);
            return setup.room() >= (double) length.context() * setup.bytes().rowBytes();
        }
    }

    private final Map<Case, Map<Policy, Outcome>> outcomes = new LinkedHashMap<>();

    private Results() {
    }

    static Results simulate() {
        Results results = new Results();
        for (SimulatedMachine machine : SimulatedMachine.all()) {
            for (SimulatedModel model : SimulatedModel.all()) {
                for (int batch : BATCHES) {
                    results.add(new Case(machine, model, batch, Setup.PAPER));
                }
                for (int batch : model.dimensions().grouped() ? BATCHES : List.<Integer>of()) {
                    results.add(new Case(machine, model, batch, Setup.LONG));
                }
            }
        }
        return results;
    }

    private void add(Case of) {
        if (of.with(Policy.ALISA).room() <= 0) {
            return;
        }
        Map<Policy, Outcome> ofPolicies = new LinkedHashMap<>();
        for (Policy policy : Policy.all()) {
            ofPolicies.put(policy, Simulation.run(of.with(policy)));
        }
        outcomes.put(of, ofPolicies);
    }

    List<Case> cases(Predicate<Case> wanted) {
        return outcomes.keySet().stream().filter(wanted).toList();
    }

    Outcome of(Case which, Policy policy) {
        Map<Policy, Outcome> ofPolicies = outcomes.getOrDefault(which, Map.of());
        Outcome outcome = ofPolicies.get(policy);
        if (outcome == null) {
            throw new IllegalArgumentException(which + " was not simulated");
        }
        return outcome;
    }

    double throughput(Case which, Policy policy) {
        return of(which, policy).throughput(which.batch(), which.length().context());
    }

    /** Throughput of one policy over that of another, where both can run. */
    List<Double> ratios(List<Case> cases, Policy policy, Policy over) {
        List<Double> ratios = new ArrayList<>();
        for (Case which : cases) {
            double ratio = throughput(which, policy) / throughput(which, over);
            if (!Double.isNaN(ratio)) {
                ratios.add(ratio);
            }
        }
        return ratios.stream().sorted().toList();
    }
}
