package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The promise of the default mode: greedy tokens are the host's own, in every family, with every type the host can run,
 * for prompts on both sides of every edge. What the host can't run is in {@link HostLimitsIT}.
 */
@Execution(ExecutionMode.CONCURRENT)
class GreedyIdentityIT {
    private static final int ENOUGH_TOKENS = 10_000;
    /** Around one token, a KV block, the host's prefill batch, and two of those. */
    private static final int[] PROMPTS = {1, 63, 64, 65, 255, 256, 257, 513};
    /** More than two of the host's pages of 8 MiB. */
    private static final int LONG_PROMPT = 2200;
    private static final List<Family> FAMILIES = List.of(Family.values());

    private static final IdentityReport REPORT = new IdentityReport();
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        workspace = Workspace.of(GreedyIdentityIT.class);
    }

    @TestFactory
    List<DynamicTest> panama() throws IOException, InterruptedException {
        return tests(Operations.PANAMA);
    }

    @TestFactory
    @OnNativeOperations
    List<DynamicTest> nativeOperations() throws IOException, InterruptedException {
        return tests(Operations.NATIVE);
    }

    @AfterAll
    static void enoughTokensAndHardlyATie() throws IOException {
        REPORT.write(workspace.resolve("report.md"));
        assertThat(REPORT.tokens()).as("tokens compared").isGreaterThanOrEqualTo(ENOUGH_TOKENS);
        assertThat(REPORT.ties()).as("ties in %d tokens", REPORT.tokens())
                .isLessThanOrEqualTo(REPORT.tokens() / ENOUGH_TOKENS);
    }

    private static List<DynamicTest> tests(Operations operations) throws IOException, InterruptedException {
        List<IdentityCase> cases = cases(operations);
        List<Scenario> warmUp = new ArrayList<>();
        cases.stream().map(IdentityCase::scenario).filter(scenario -> scenario.prompt() < LONG_PROMPT)
                .filter(scenario -> scenario.name().startsWith("LLAMA") || scenario.name().startsWith("GEMMA2"))
                .forEach(warmUp::add);
        IdentityRun run = IdentityRun.of(workspace, operations.name(), warmUp, cases,
                process -> process.operations(operations));
        return cases.stream().map(test -> DynamicTest.dynamicTest(operations + " " + test.scenario().name(), () -> {
            REPORT.add(operations + " " + test.scenario().name(), test.compare(
                    run.host().recording(test.scenario().name()), run.plugin().recording(test.scenario().name())));
            test.check(run.host(), run.plugin());
        })).toList();
    }

    private static List<IdentityCase> cases(Operations operations) throws IOException {
        List<IdentityCase> cases = new ArrayList<>();
        for (Family family : FAMILIES) {
            TinyModel base = TinyModel.of(family);
            boolean grouped = family != Family.GPT2;
            List<IdentityCase> ofFamily = new ArrayList<>();
            add(ofFamily, "heads 4x32", base, Types.F32, 250);
            add(ofFamily, "heads 8x16, 2 kv", base.heads(8, grouped ? 2 : 8, 16).context(1024), Types.F32, 150);
            add(ofFamily, "heads 2x64, 1 kv", base.heads(2, grouped ? 1 : 2, 64), Types.F32, 150);
            add(ofFamily, "heads 4x128, 2 kv", base.heads(4, grouped ? 2 : 4, 128), Types.F32_I8, 100);
            add(ofFamily, "weights BF16", base.heads(8, grouped ? 4 : 8, 32).weights(WeightType.BF16), Types.F32_I8,
                    200);
            add(ofFamily, "weights Q4 at load", base.seed(77), Types.Q4_F32, 150);
            if (family != Family.GPT2) {
                TinyModel q4 = base.heads(8, 4, 64).mlp(512).weights(WeightType.Q4);
                add(ofFamily, "weights Q4, activations I8", q4, Types.F32_I8, 150);
                add(ofFamily, "weights Q4, activations F32", q4.seed(78), Types.F32, 100);
            }
            if (operations == Operations.PANAMA) {
                add(ofFamily, "working type BF16", base.weights(WeightType.BF16), Types.BF16, 150);
                add(ofFamily, "working type BF16, grouped",
                        base.heads(8, grouped ? 4 : 8, 32).weights(WeightType.BF16).seed(79), Types.BF16, 100);
            }
            if (family == Family.MISTRAL || family == Family.GEMMA2) {
                // More and less than the hidden size in all heads together; of more, the host runs only the first heads.
                add(ofFamily, "heads 4x64 of 128 hidden", base.heads(4, 2, 64).hidden(128), Types.F32, 100);
                add(ofFamily, "heads 4x16 of 128 hidden", base.heads(4, 2, 16).hidden(128), Types.F32, 100);
            }
            if (family == Family.LLAMA) {
                // From 768 rows on the host's native operations leave corners of their products empty, which is what the
                // host says then, and so must we.
                TinyModel wide = base.heads(16, 8, 64).mlp(768).layers(1);
                cases.add(identityCase("wide", wide, Types.F32, 64, 50));
                cases.add(identityCase("wide, BF16", wide.weights(WeightType.BF16), Types.F32_I8, 64, 50));
                cases.add(identityCase("wide, Q4", wide.mlp(1024).weights(WeightType.Q4), Types.F32_I8, 64, 50));
            }
            cases.addAll(ofFamily);
            cases.add(longPrompt(base));
        }
        return cases;
    }

    /** The prompt lengths go round, so that over the families every type and shape meets every length. */
    private static void add(List<IdentityCase> cases, String what, TinyModel model, Types types, int decode)
            throws IOException {
        int prompt = PROMPTS[(cases.size() + FAMILIES.indexOf(model.family())) % PROMPTS.length];
        cases.add(identityCase(what, model, types, prompt, decode));
    }

    private static IdentityCase longPrompt(TinyModel base) throws IOException {
        return switch (base.family()) {
            // A context of several of the host's pages of up to 8 MiB.
            case LLAMA -> identityCase("several pages", base.heads(8, 8, 64), Types.F32, LONG_PROMPT, 100);
            case QWEN2 -> identityCase("long, BF16", base.weights(WeightType.BF16), Types.F32_I8, LONG_PROMPT, 100);
            case GRANITE -> identityCase("long, Q4", base.heads(8, 8, 64).mlp(512).weights(WeightType.Q4),
                    Types.F32_I8, LONG_PROMPT, 100);
            default -> identityCase("long", base, Types.F32, LONG_PROMPT, 100);
        };
    }

    private static IdentityCase identityCase(String what, TinyModel model, Types types, int prompt, int decode)
            throws IOException {
        Scenario scenario = Scenario.of("%s, %s, prompt of %d".formatted(model.family(), what, prompt), Kind.GREEDY,
                workspace.model(model), types, prompt, decode);
        return IdentityCase.of(scenario, model);
    }
}
