package io.alisa.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.alisa.compat.scenario.Fact;
import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Recording;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What the unmodified host can't do, so that no other test can compare it. Should a later host learn it, a test here
 * fails and the case belongs into the others.
 *
 * <table>
 * <caption>Combinations left out</caption>
 * <tr><th>combination</th><th>operations</th><th>what the host does</th></tr>
 * <tr><td>working type BF16, weights BF16</td><td>native</td><td>logits are NaN; sampling then fails or says token
 * 0</td></tr>
 * <tr><td>working type BF16, weights F32</td><td>native</td><td>writes beyond its tensors: the JVM dies, sooner or
 * later (not run here)</td></tr>
 * <tr><td>working type BF16, weights F32, Qwen 2 and GPT-2</td><td>both</td><td>unsupported: BF16 meets F32</td></tr>
 * <tr><td>working type BF16, weights Q4</td><td>both</td><td>unsupported</td></tr>
 * <tr><td>Q4 asked for at load time, activations I8</td><td>both</td><td>unsupported: query, key, value, gate and up
 * weights are loaded as "sparse" tensors, which the host silently does not quantise, and I8 meets F32 or BF16; with
 * activations F32 it runs, with the output and down weights quantised only</td></tr>
 * <tr><td>layers split, Mixtral, Gemma, Gemma 2, GPT-2</td><td>both</td><td>the second half does not load: blocks are
 * stored under their absolute layer</td></tr>
 * <tr><td>heads split, all but GPT-2</td><td>native</td><td>writes beyond its tensors (not run here)</td></tr>
 * <tr><td>fewer query columns than the hidden size (Mistral, Gemma 2 with a head size of their own), not grouped</td>
 * <td>both</td><td>rotates heads that do not exist: index out of bounds; grouped it checks</td></tr>
 * <tr><td>GPT-2, weights Q4</td><td>both</td><td>transposes its weights, which Q4 tensors can't; Q4 at load time is
 * ignored</td></tr>
 * </table>
 *
 * <p>The working type BF16 with Panama operations runs but is not what the model says: the host copies half of each
 * row. It does so the same way every time, and the plugin is to do the same.
 */
class HostLimitsIT {
    private static Workspace workspace;

    @BeforeAll
    static void open() throws IOException {
        workspace = Workspace.of(HostLimitsIT.class);
    }

    @Test
    void panama() throws IOException, InterruptedException {
        Map<Scenario, String> limits = unsupported();
        check(Operations.PANAMA, limits);
    }

    @Test
    @OnNativeOperations
    void nativeOperations() throws IOException, InterruptedException {
        Map<Scenario, String> limits = unsupported();
        TinyModel bf16 = TinyModel.of(Family.LLAMA).weights(WeightType.BF16);
        limits.put(scenario("BF16 gives NaN", bf16, Types.BF16), "Index -2147483648 out of bounds");
        check(Operations.NATIVE, limits);
    }

    private static Map<Scenario, String> unsupported() throws IOException {
        Map<Scenario, String> limits = new LinkedHashMap<>();
        for (Family family : List.of(Family.QWEN2, Family.GPT2)) {
            limits.put(scenario(family + " BF16 with weights F32", TinyModel.of(family), Types.BF16),
                    "UnsupportedOperationException");
        }
        TinyModel q4 = TinyModel.of(Family.LLAMA).weights(WeightType.Q4);
        limits.put(scenario("BF16 with weights Q4", q4, Types.BF16), "UnsupportedOperationException");
        limits.put(scenario("Q4 at load time and I8", TinyModel.of(Family.LLAMA), Types.Q4_I8),
                "UnsupportedOperationException");
        for (Family family : List.of(Family.MIXTRAL, Family.GEMMA, Family.GEMMA2, Family.GPT2)) {
            limits.put(scenario(family + " layers split", TinyModel.of(family), Types.F32).layerShards(2),
                    "InvocationTargetException");
        }
        for (Family family : List.of(Family.MISTRAL, Family.GEMMA2)) {
            limits.put(scenario(family + " few columns", TinyModel.of(family).heads(4, 4, 16).hidden(128), Types.F32),
                    "IndexOutOfBoundsException");
        }
        limits.put(scenario("GPT2 weights Q4", TinyModel.of(Family.GPT2).weights(WeightType.Q4), Types.F32), "");
        return limits;
    }

    private static Scenario scenario(String name, TinyModel model, Types types) throws IOException {
        return Scenario.of(name, Kind.GREEDY, workspace.model(model),
                types, 20, 5);
    }

    private static void check(Operations operations, Map<Scenario, String> limits)
            throws IOException, InterruptedException {
        try {
            check(operations, operations.name(), limits);
        } catch (HostProcessException e) {
            // The native operations write past the end of some of these models' tensors, and now and then the process
            // does not survive what an earlier scenario did to it. Each alone then, where dying is failing too.
            for (Map.Entry<Scenario, String> limit : limits.entrySet()) {
                checkAlone(operations, limit.getKey(), limit.getValue());
            }
        }
    }

    private static void checkAlone(Operations operations, Scenario scenario, String failure)
            throws IOException, InterruptedException {
        try {
            check(operations, operations.name() + " " + scenario.name(), Map.of(scenario, failure));
        } catch (HostProcessException e) {
            assertThat(e).as("%s, with %s", scenario.name(), operations).hasMessageContaining("Exit code");
        }
    }

    private static void check(Operations operations, String process, Map<Scenario, String> limits)
            throws IOException, InterruptedException {
        HostResult host = workspace.unmodified(process).operations(operations).run(List.copyOf(limits.keySet()));
        for (Map.Entry<Scenario, String> limit : limits.entrySet()) {
            Recording recording = host.recordingOrFailure(limit.getKey().name());
            assertThat(recording.facts()).as("%s now works, with %s", limit.getKey().name(), operations)
                    .containsKey(Fact.FAILURE);
            assertThat(recording.fact(Fact.FAILURE)).as(limit.getKey().name()).contains(limit.getValue());
        }
    }
}
