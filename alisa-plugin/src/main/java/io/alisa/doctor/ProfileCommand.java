package io.alisa.doctor;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

import io.alisa.attention.Kernels;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.measure.MachineProfiler;
import io.alisa.schedule.HardwareProfile;
import io.alisa.schedule.ProfileStore;
import io.alisa.tier.PrivateFile;

/** {@code profile}: measures this machine and stores what it finds. */
final class ProfileCommand {
    static final String USAGE = "usage: java -jar alisa-plugin.jar profile   measures this machine, some fifteen seconds";

    private ProfileCommand() {
    }

    private static int unusable(Exception cause, PrintStream err) {
        err.println("The slow tier can't be measured (" + cause + "): make room there, or set "
                + Setting.SLOW_DIR.key() + " to another directory");
        return 1;
    }

    /** Returns the exit code. */
    static int run(Configuration configuration, ProfileStore store, MachineProfiler.Effort effort, PrintStream out,
            PrintStream err) {
        Kernels kernels = Kernels.choose(configuration.text(Setting.BACKEND));
        Path directory;
        try {
            directory = PrivateFile.directory(configuration.text(Setting.SLOW_DIR));
        } catch (InvalidPathException e) {
            return unusable(e, err);
        }
        out.println("machine: " + store.machine());
        out.println(
                "kernels: " + kernels.kernels().name() + (kernels.remedy() == null ? "" : " -> " + kernels.remedy()));
        out.println("slow tier: " + directory + ", read through the system's file cache: what it can't hold is slower");
        HardwareProfile profile;
        try {
            profile = new MachineProfiler(kernels.kernels(), effort).measure(store.machine(),
                    directory, out::println);
        } catch (IOException e) {
            return unusable(e, err);
        }
        try {
            store.save(profile);
        } catch (IOException e) {
            err.println("The profile can't be stored in '" + store.file() + "' (" + e
                    + "): set XDG_CACHE_HOME to a directory that can be written");
            return 1;
        }
        out.println("stored in " + store.file() + "; see what follows from it: java -jar alisa-plugin.jar plan");
        return 0;
    }
}
