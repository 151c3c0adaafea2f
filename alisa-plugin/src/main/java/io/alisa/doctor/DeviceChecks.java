package io.alisa.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.device.DeviceProbe;
import io.alisa.device.DeviceStatus;

/** Other devices than the CPU, as the modules on the class path see them. */
final class DeviceChecks {
    private static final String HOW = "put alisa-kernels-cuda.jar and JCuda's jars on the application's class"
            + " path; to check them here: java -cp alisa-plugin.jar:alisa-kernels-cuda.jar:<JCuda's jars>"
            + " io.alisa.doctor.Main";

    private DeviceChecks() {
    }

    static List<Check> ofProcess(Configuration configuration) {
        List<DeviceProbe> probes = new ArrayList<>();
        try {
            ServiceLoader.load(DeviceProbe.class).forEach(probes::add);
        } catch (ServiceConfigurationError e) {
            return List.of(Check.warn("CUDA", "its module can't be loaded: " + e.getMessage(),
                    "use the jars of one version"));
        }
        return of(probes, configuration.text(Setting.BACKEND));
    }

    static List<Check> of(List<DeviceProbe> probes, String backend) {
        if (probes.isEmpty()) {
            String text = "its module is not on this class path: the CPU computes";
            return List.of(backend.equals("cuda")
                    ? Check.warn("CUDA", text + ", though " + Setting.BACKEND.key() + " is cuda", HOW)
                    : Check.ok("CUDA", text));
        }
        return probes.stream().map(DeviceChecks::check).toList();
    }

    private static Check check(DeviceProbe probe) {
        DeviceStatus status = probe.probe();
        String remedy = status.remedy();
        return status.usable()
                ? Check.ok(probe.name(), status.description())
                : Check.warn(probe.name(), status.description(),
                        remedy == null ? "see the module's page" : remedy);
    }
}
