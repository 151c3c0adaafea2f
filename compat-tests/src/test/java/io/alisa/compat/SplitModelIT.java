package io.alisa.compat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Models split over several model objects, by layers and by heads, where the host can do it: {@link HostLimitsIT}. */
@Execution(ExecutionMode.CONCURRENT)
class SplitModelIT {
    private static final List<Family> LAYERS_CAN_BE_SPLIT = List.of(Family.LLAMA, Family.MISTRAL, Family.QWEN2,
            Family.GRANITE);

    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        workspace = Workspace.of(SplitModelIT.class);
    }

    @TestFactory
    List<DynamicTest> panama() throws IOException, InterruptedException {
        return tests(Operations.PANAMA, List.of(Family.values()));
    }

    @TestFactory
    @OnNativeOperations
    List<DynamicTest> nativeOperations() throws IOException, InterruptedException {
        return tests(Operations.NATIVE, List.of(Family.GPT2));
    }

    private static List<DynamicTest> tests(Operations operations, List<Family> headsCanBeSplit)
            throws IOException, InterruptedException {
        List<IdentityCase> cases = new ArrayList<>();
        for (Family family : Family.values()) {
            TinyModel model = family == Family.GPT2 ? TinyModel.of(family) : TinyModel.of(family).heads(8, 4, 32);
            for (TinyModel shape : List.of(model, TinyModel.of(family).heads(2, 2, 64))) {
                Scenario whole = Scenario.of(family + ", " + shape.kvHeads() + " KV of " + shape.heads()
                        + " heads of " + shape.headSize(), Kind.GREEDY, workspace.model(shape), Types.F32, 300, 60);
                if (LAYERS_CAN_BE_SPLIT.contains(family)) {
                    cases.add(IdentityCase.of(whole.name(whole.name() + ", layers split").layerShards(2), shape));
                }
                if (headsCanBeSplit.contains(family)) {
                    cases.add(IdentityCase.of(whole.name(whole.name() + ", heads split").headShards(2), shape));
                }
            }
        }
        // Heads wider than the hidden state: the host gives a part heads by the hidden width, and keys by the heads' own.
        TinyModel wide = TinyModel.of(Family.MISTRAL).heads(4, 2, 32).hidden(256);
        if (headsCanBeSplit.contains(Family.MISTRAL)) {
            cases.add(IdentityCase.of(Scenario.of("MISTRAL, hidden 256, 4 heads of 32, heads split", Kind.GREEDY,
                    workspace.model(wide), Types.F32, 300, 60).headShards(2), wide));
        }
        List<Scenario> warmUp = cases.subList(0, 4).stream().map(IdentityCase::scenario).toList();
        IdentityRun run = IdentityRun.of(workspace, operations.name(), warmUp, cases,
                process -> process.operations(operations));
        return cases.stream().map(test -> DynamicTest.dynamicTest(operations + " " + test.scenario().name(),
                () -> test.check(run.host(), run.plugin()))).toList();
    }
}
