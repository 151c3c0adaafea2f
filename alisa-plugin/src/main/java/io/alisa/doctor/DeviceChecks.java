package io.alisa.doctor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceModules;
import io.alisa.device.DeviceStatus;
import org.jspecify.annotations.Nullable;

/** Other devices than the CPU, as the modules on the class path see them. */
final class DeviceChecks {
    private static final String HOW = DeviceModules.REMEDY + "; to check them here: java -cp"
            + " alisa-plugin.jar:alisa-kernels-cuda.jar:<JCuda's jars> io.alisa.doctor.Main";

    private DeviceChecks() {
    }

    static List<Check> ofProcess(Configuration configuration) {
        return of(DeviceModules.find(Thread.currentThread().getContextClassLoader()),
                configuration.text(Setting.BACKEND), UnpackedLibrary.foreign());
    }

    /** @param foreign another user's library, which asking a module would load; null: none */
    static List<Check> of(DeviceModules found, String backend, @Nullable Path foreign) {
        List<Check> checks = new ArrayList<>();
        if (found.failure() != null) {
            checks.add(Check.warn("CUDA", found.failure(), DeviceModules.ONE_VERSION));
        } else if (found.modules().isEmpty()) {
            String text = "its module is not on this class path: the CPU computes";
            checks.add(backend.equals("cuda")
                    ? Check.warn("CUDA", text + ", though " + Setting.BACKEND.key() + " is cuda", HOW)
                    : Check.ok("CUDA", text));
        }
        found.modules().forEach(module -> checks.add(foreign == null
                ? check(module, backend)
                : Check.warn(module.name(), "not asked: JCuda would load '" + foreign + "', which is another user's",
                        "give the JVM a private -Djava.io.tmpdir, or put JCuda's library on java.library.path")));
        return checks;
    }

    private static Check check(DeviceModule module, String backend) {
        DeviceStatus status = DeviceModules.probe(module);
        String remedy = status.remedy();
        if (!status.usable()) {
            return Check.warn(module.name(), status.description(), remedy == null ? "see the module's page" : remedy);
        }
        boolean used = backend.equals("auto") || backend.equals("cuda");
        return Check.ok(module.name(), status.description()
                + (used
                        ? "; INT8 sessions use it, dense and sparse"
                        : "; not used, " + Setting.BACKEND.key() + " is " + backend));
    }
}
