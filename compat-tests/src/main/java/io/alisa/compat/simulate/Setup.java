package io.alisa.compat.simulate;

import java.util.EnumSet;
import java.util.Set;

import io.alisa.schedule.AccessPattern;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.Caps;
import io.alisa.schedule.CostModel;
import io.alisa.schedule.Expectation;
import io.alisa.schedule.Recomputation;

/**
 * One simulated run.
 *
 * @param machine   the machine
 * @param linkBytes its link, bytes per second
 * @param model     the model
 * @param batch     sequences decoded together
 * @param length    tokens in, and in the end
 * @param policy    who decides
 */
public record Setup(SimulatedMachine machine, double linkBytes, SimulatedModel model, int batch, Expectation length,
        Policy policy) {
    /** The caching ratio of the paper's headline results. */
    static final double RATIO = 0.2;
    /** The paper's: 128 tokens in, 512 out (section VI). */
    static final Expectation PAPER = new Expectation(128, 640);
    /** Today's prompts are longer: 8,192 tokens in, 512 out. */
    static final Expectation LONG = new Expectation(8192, 8704);

    /** On the paper's link. */
    static Setup of(SimulatedMachine machine, SimulatedModel model, int batch, Expectation length, Policy policy) {
        return new Setup(machine, SimulatedMachine.LINK, model, batch, length, policy);
    }

    /** Bytes of the GPU that weights leave for KV; negative where they don't fit. */
    double room() {
        return SimulatedMachine.USABLE * machine.memory() - model.weightBytes();
    }

    ByteModel bytes() {
        return new ByteModel(model.dimensions(), policy.precision(), 1, false, batch);
    }

    CostModel costs() {
        AccessPattern access = AccessPattern.ofPaper(policy.sparse() ? RATIO : 1);
        return new CostModel(bytes(), machine.profile(linkBytes), access, model.weightBytes());
    }

    Caps caps() {
        return new Caps((long) room(), policy == Policy.ALL_RECOMPUTE ? 0 : SimulatedMachine.HOST_MEMORY);
    }

    /** Ways of recomputation that the policy may use. */
    Set<Recomputation> allowed() {
        return switch (policy) {
            case ALISA, ALISA_FP16, DENSE_PHASES -> EnumSet.allOf(Recomputation.class);
            case ALL_RECOMPUTE -> EnumSet.of(Recomputation.REPLAY);
            case NO_RECOMPUTATION, STATIC_SPLIT, FULL_OFFLOAD -> EnumSet.noneOf(Recomputation.class);
        };
    }
}
