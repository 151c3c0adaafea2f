package io.alisa.compat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.alisa.compat.scenario.Kind;
import io.alisa.compat.scenario.Scenario;
import io.alisa.compat.scenario.Types;
import io.alisa.compat.tiny.Family;
import io.alisa.compat.tiny.TinyModel;
import io.alisa.compat.tiny.WeightType;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The host's tokens again, for other ways of use than one prompt and one reply: many sessions in several threads, a
 * prompt fed token by token, sessions rewound to an earlier position, and a trained model.
 */
class SessionsIT {
    private static final String STORY = "<|begin|><|user|>Remember this: The gate code of Alice is 4821.<|end|>"
            + "<|assistant|>Noted.<|end|><|user|>What is the gate code of Alice?<|end|><|assistant|>";

    @TestFactory
    List<DynamicTest> likeTheHost() throws IOException, InterruptedException {
        Workspace workspace = Workspace.of(SessionsIT.class);
        List<IdentityCase> cases = new ArrayList<>();
        for (Family family : List.of(Family.LLAMA, Family.GEMMA2, Family.GPT2)) {
            TinyModel model = TinyModel.of(family);
            cases.add(identityCase(workspace, "8 sessions, 4 threads", Kind.GREEDY, model, Types.F32, 150, 100, 8, 4));
            cases.add(identityCase(workspace, "token by token", Kind.TOKENWISE, model, Types.F32, 130, 70, 1, 1));
            cases.add(identityCase(workspace, "rewound", Kind.REWIND, model, Types.F32, 200, 40, 1, 1));
        }
        TinyModel grouped = TinyModel.of(Family.LLAMA).heads(8, 4, 32);
        cases.add(identityCase(workspace, "grouped, 8 sessions, 4 threads", Kind.GREEDY, grouped, Types.F32, 90, 60, 8,
                4));
        cases.add(identityCase(workspace, "grouped, rewound", Kind.REWIND, grouped, Types.F32, 300, 40, 1, 1));
        cases.add(identityCase(workspace, "grouped, closed and continued", Kind.REOPEN, grouped, Types.F32, 90, 60, 1,
                1));
        TinyModel bf16 = grouped.weights(WeightType.BF16);
        cases.add(identityCase(workspace, "BF16, rewound", Kind.REWIND, bf16, Types.BF16, 150, 40, 1, 1));
        cases.add(identityCase(workspace, "BF16, token by token", Kind.TOKENWISE, bf16, Types.BF16, 70, 70, 1, 1));
        cases.add(identityCase(workspace, "BF16, 4 sessions, 4 threads", Kind.GREEDY, bf16, Types.BF16, 70, 50, 4, 4));
        cases.add(IdentityCase.ofMemo(Scenario.of("memo, a fact", Kind.GREEDY, Workspace.memo(), Types.F32_I8, 0, 400)
                .text(STORY)));
        cases.add(IdentityCase.ofMemo(Scenario.of("memo, prose", Kind.GREEDY, Workspace.memo(), Types.F32, 0, 600)
                .text("<|begin|>It was late in the evening when the old man came")));

        List<Scenario> warmUp = List.of(cases.get(0).scenario().serial(), cases.getLast().scenario());
        IdentityRun run = IdentityRun.of(workspace, "sessions", warmUp, cases,
                process -> process.operations(Operations.PANAMA));
        return cases.stream().map(test -> DynamicTest.dynamicTest(test.scenario().name(),
                () -> test.check(run.host(), run.plugin()))).toList();
    }

    private static IdentityCase identityCase(Workspace workspace, String what, Kind kind, TinyModel model, Types types,
            int prompt, int decode, int sessions, int threads) throws IOException {
        return IdentityCase.of(Scenario.of(model.family() + ", " + what, kind, workspace.model(model), types, prompt,
                decode).sessions(sessions, threads), model);
    }
}
