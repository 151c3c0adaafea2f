package io.alisa.host;

import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Consumer;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.device.Device;
import io.alisa.device.DeviceFullException;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceModules;
import io.alisa.device.DeviceTier;
import io.alisa.schedule.Caps;
import io.alisa.tier.MemoryBudget;
import io.alisa.units.ByteSize;
import org.jspecify.annotations.Nullable;

/**
 * The device that INT8 sessions of the process use beside the CPU, by the settings as they are. It outlives the applications
 * that use it, so nothing of theirs is kept here, but the loader of the one that brought its module. Thread-safe.
 */
public final class ProcessDevice {
    /** Of the memory that is free when the device is opened: some must be left for whoever else is there. */
    private static final double SHARE_BY_DEFAULT = 0.8;
    /** Of the same, whatever cap is set, which is one of RAM, too: kernels and their driver must find room beside us. */
    private static final double SHARE_AT_MOST = 0.9;
    private static final int MOST_PATIENCE = 64;
    private static final ProcessDevice PROCESS = new ProcessDevice();

    private final MemoryBudget budget = new MemoryBudget(0);
    /** Loaders of applications that bring no module whose device can be used; another one may. */
    private final Set<ClassLoader> without = Collections.newSetFromMap(new WeakHashMap<>());
    /** Whether such a module was found. */
    private boolean found;
    private @Nullable DeviceTier tier;
    /** What did not open for want of room, which may come. */
    private @Nullable DeviceModule full;
    /** It is asked again once so many more sessions have opened, twice as many each time. */
    private int patience = 1;
    private int sessionsToWait;
    /** Why there is none; empty where there is one. */
    private String whyNone = "";
    private long capByDefault;
    private long capAtMost;
    private boolean complained;

    /** The one of this process. */
    public static ProcessDevice ofProcess() {
        return PROCESS;
    }

    /**
     * What an INT8 session that opens now uses. The device is looked for when this is first asked for an application, until a
     * module is found, and opened then; where there is no room for it, it is tried again when more sessions have opened.
     *
     * @param loader  where modules are looked for
     * @param warning is told, once, why a device that was asked for is not there; not kept
     * @return null where the CPU does all
     */
    public synchronized @Nullable DeviceTier tier(Configuration configuration, @Nullable ClassLoader loader,
            Consumer<String> warning) {
        String backend = configuration.text(Setting.BACKEND);
        if (!backend.equals("auto") && !backend.equals("cuda")) {
            return null;
        }
        ClassLoader where = loader == null ? ClassLoader.getSystemClassLoader() : loader;
        if (!found && !without.contains(where)) {
            look(where, warning);
        } else if (full != null && --sessionsToWait <= 0) {
            open(full, warning);
        }
        if (tier == null && backend.equals("cuda") && !complained) {
            complained = true;
            warning.accept(Setting.BACKEND.key() + "=cuda was asked for, but the CPU computes: " + whyNone);
        }
        setCap(configuration);
        return tier;
    }

    private void look(ClassLoader loader, Consumer<String> warning) {
        DeviceModules modules = DeviceModules.find(loader);
        DeviceModule module = modules.usable();
        found = module != null;
        if (module == null) {
            without.add(loader);
            whyNone = modules.whyNone();
            return;
        }
        open(module, warning);
    }

    private void open(DeviceModule module, Consumer<String> warning) {
        full = null;
        try {
            tier = open(module);
        } catch (DeviceFullException e) {
            whyNone = String.valueOf(e.getMessage());
            full = module;
            sessionsToWait = patience;
            patience = Math.min(2 * patience, MOST_PATIENCE);
        } catch (DeviceLostException e) {
            whyNone = String.valueOf(e.getMessage());
        } catch (LinkageError e) {
            whyNone = DeviceModules.misfit(e) + "; " + DeviceModules.ONE_VERSION;
        } catch (OutOfMemoryError e) { // what a device is told by lies in direct memory
            whyNone = "Java has no memory for it (" + e.getMessage() + "): raise -XX:MaxDirectMemorySize";
        }
        if (tier == null && !complained) {
            warning.accept(module.name() + " was found, but the CPU computes: " + whyNone);
            complained = true;
        }
    }

    private DeviceTier open(DeviceModule module) {
        Device device = module.open(budget, ProcessMemory.fast());
        boolean complete = false;
        try {
            long free = device.freeBytes();
            capByDefault = (long) (SHARE_BY_DEFAULT * free);
            capAtMost = (long) (SHARE_AT_MOST * free);
            complete = true;
            return new DeviceTier(device, budget, ProcessDevice::warn);
        } finally {
            if (!complete) {
                device.close();
            }
        }
    }

    /** By the JDK's logger: one of an application would keep that, and is gone with it. */
    private static void warn(String message) {
        System.getLogger("io.alisa").log(System.Logger.Level.WARNING, message);
    }

    private void setCap(Configuration configuration) {
        budget.setCap(Math.min(Caps.fast(configuration, capByDefault), capAtMost));
    }

    /** What is used of which device, or why none is, in one line. */
    public synchronized String describe(Configuration configuration) {
        String backend = configuration.text(Setting.BACKEND);
        if (tier != null && tier.isLost()) {
            return "device: none, it was lost";
        }
        if (tier != null) {
            return "device: " + tier.describe() + ", KV " + ByteSize.format(budget.reserved()) + " of "
                    + ByteSize.format(budget.cap());
        }
        if (!backend.equals("auto") && !backend.equals("cuda")) {
            return "device: none, " + Setting.BACKEND.key() + " is " + backend;
        }
        return found || !without.isEmpty()
                ? "device: none, " + whyNone
                : "device: none yet, only INT8 sessions use one";
    }
}
