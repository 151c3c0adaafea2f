package io.alisa.device;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

import org.jspecify.annotations.Nullable;

/**
 * The device modules on a class path.
 *
 * @param modules what was found
 * @param failure why not all could be loaded; null where they could
 */
public record DeviceModules(List<DeviceModule> modules, @Nullable String failure) {
    /** How the module for NVIDIA GPUs gets onto the class path. */
    public static final String REMEDY = "put alisa-kernels-cuda.jar and JCuda's jars on the application's class path";

    public DeviceModules {
        modules = List.copyOf(modules);
    }

    /** Looks where {@code loader} does. */
    public static DeviceModules find(@Nullable ClassLoader loader) {
        List<DeviceModule> found = new ArrayList<>();
        try {
            ServiceLoader.load(DeviceModule.class, loader).forEach(found::add);
            return new DeviceModules(found, null);
        } catch (ServiceConfigurationError e) {
            return new DeviceModules(found, "its module can't be loaded: " + e.getMessage());
        }
    }

    /** The first module whose device can be used; null where there is none. */
    public @Nullable DeviceModule usable() {
        for (DeviceModule module : modules) {
            if (module.probe().usable()) {
                return module;
            }
        }
        return null;
    }

    /** Why there is none, and what would help, in one line. */
    public String whyNone() {
        if (failure != null) {
            return failure + "; use the jars of one version";
        }
        if (modules.isEmpty()) {
            return "its module is not on this class path; " + REMEDY;
        }
        DeviceStatus status = modules.getFirst().probe();
        return status.remedy() == null ? status.description() : status.description() + "; " + status.remedy();
    }
}
