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

    /** What helps where classes do not fit each other. */
    public static final String ONE_VERSION = "use the jars of one version";

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
        } catch (LinkageError e) {
            return new DeviceModules(found, "its module can't be loaded: " + e);
        }
    }

    /** What a module finds: nothing, where it is of another version than this. */
    public static DeviceStatus probe(DeviceModule module) {
        try {
            return module.probe();
        } catch (LinkageError e) {
            return new DeviceStatus(false, misfit(e), ONE_VERSION);
        }
    }

    /** Says what is wrong with a module whose classes do not fit ours. */
    public static String misfit(LinkageError e) {
        return "its module does not fit this plugin: " + e;
    }

    /** The first module whose device can be used; null where there is none. */
    public @Nullable DeviceModule usable() {
        for (DeviceModule module : modules) {
            if (probe(module).usable()) {
                return module;
            }
        }
        return null;
    }

    /** Why there is none, and what would help, in one line. */
    public String whyNone() {
        if (failure != null) {
            return failure + "; " + ONE_VERSION;
        }
        if (modules.isEmpty()) {
            return "its module is not on this class path; " + REMEDY;
        }
        DeviceStatus status = probe(modules.getFirst());
        return status.remedy() == null ? status.description() : status.description() + "; " + status.remedy();
    }
}
