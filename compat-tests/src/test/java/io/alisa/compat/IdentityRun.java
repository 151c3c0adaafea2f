package io.alisa.compat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

import io.alisa.compat.scenario.Scenario;

/**
 * Records a list of cases twice, with the host alone and with the plugin. The host goes first, because the plugin's
 * JVM is fed the host's tokens.
 *
 * @param host   the reference
 * @param plugin what is tested
 */
record IdentityRun(HostResult host, HostResult plugin) {

    /**
     * @param warmUp  scenarios to run first in both JVMs and forget: until the compiler is done the host's own logits
     *                move in their last bits
     * @param options applied to both JVMs
     */
    static IdentityRun of(Workspace workspace, String name, List<Scenario> warmUp, List<IdentityCase> cases,
            UnaryOperator<HostProcess> options) throws IOException, InterruptedException {
        List<Scenario> alone = warmUps(warmUp);
        cases.forEach(test -> alone.add(test.scenario().serial()));
        HostResult host = options.apply(workspace.unmodified(name)).run(alone);

        List<Scenario> forced = warmUps(warmUp);
        for (IdentityCase test : cases) {
            Scenario scenario = HostProcess.pluginAvailable() ? test.scenario() : test.scenario().serial();
            forced.add(scenario.reference(host.file(scenario.name())));
        }
        return new IdentityRun(host, options.apply(workspace.withPlugin(name)).run(forced));
    }

    /** Of one case, by the Panama operations. */
    static IdentityRun of(Workspace workspace, String name, IdentityCase test, UnaryOperator<HostProcess> options)
            throws IOException, InterruptedException {
        return of(workspace, name, List.of(), List.of(test),
                process -> options.apply(process.operations(Operations.PANAMA)));
    }

    private static List<Scenario> warmUps(List<Scenario> warmUp) {
        List<Scenario> named = new ArrayList<>();
        for (Scenario scenario : warmUp) {
            named.add(scenario.name("warm-up " + named.size() + " " + scenario.name()));
        }
        return named;
    }
}
