package io.alisa.host;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

import io.alisa.cache.KvMemory;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.schedule.Caps;
import io.alisa.tier.Machine;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.PrivateFile;
import io.alisa.tier.SlowDirectory;
import io.alisa.units.ByteSize;
import org.jspecify.annotations.Nullable;

/** What all sessions of the process may hold in RAM and in files, by the settings as they are. Thread-safe. */
public final class ProcessMemory {
    private static final String AUTO = "auto";
    private static final MemoryBudget FAST = new MemoryBudget(0);
    private static final MemoryBudget SLOW = new MemoryBudget(0);
    private static final MemoryBudget NO_FILES = new MemoryBudget(0);
    /** By whose settings the caps are what they are; null before the first session. */
    private static volatile @Nullable Configuration fastBy;
    private static volatile @Nullable Configuration slowBy;

    private ProcessMemory() {
    }

    /** Sets the caps anew and says where a session takes memory from. */
    public static KvMemory of(Configuration configuration) {
        String directory = configuration.text(Setting.SLOW_DIR);
        setCaps(configuration, Machine.ofProcess());
        return new KvMemory(FAST, SLOW, () -> new PrivateFile(path(directory)));
    }

    /** As {@link #of} for a session that never uses a file: the disk need not be looked at. */
    public static KvMemory fastOnly(Configuration configuration) {
        setFastCap(configuration, Machine.ofProcess());
        return new KvMemory(FAST, NO_FILES, () -> {
            throw new IOException("There is no slow tier for this session");
        });
    }

    /** What all sessions may hold in RAM. */
    static MemoryBudget fast() {
        return FAST;
    }

    private static void setCaps(Configuration configuration, Machine machine) {
        SLOW.setCap(slowCap(configuration, setFastCap(configuration, machine)));
        slowBy = configuration;
    }

    private static long setFastCap(Configuration configuration, Machine machine) {
        long fast = fastCap(configuration, machine);
        FAST.setCap(fast);
        fastBy = configuration;
        return fast;
    }

    private static long fastCap(Configuration configuration, Machine machine) {
        return Caps.fast(configuration, Caps.fastByDefault(machine.usable(), machine.heap()));
    }

    private static long slowCap(Configuration configuration, long fast) {
        String text = configuration.text(Setting.MEMORY_SLOW);
        if (!text.equals(AUTO)) {
            return ByteSize.parse(text);
        }
        try {
            return slowByDefault(fast, directory(configuration), SLOW.reserved());
        } catch (IOException e) {
            return Caps.slowByDefault(fast, Long.MAX_VALUE); // a session that needs a file will say that there is no such directory
        }
    }

    /** What is left to us of a directory, of which our files hold some already. */
    static long slowByDefault(long fast, SlowDirectory directory, long held) {
        long free = directory.freeBytes();
        long room = free > Long.MAX_VALUE - held ? Long.MAX_VALUE : free + held;
        return directory.isMemory() ? 0 : Caps.slowByDefault(fast, room);
    }

    private static SlowDirectory directory(Configuration configuration) throws IOException {
        return SlowDirectory.of(path(configuration.text(Setting.SLOW_DIR)));
    }

    private static Path path(String directory) throws IOException {
        try {
            return PrivateFile.directory(directory);
        } catch (InvalidPathException e) {
            throw new IOException("'" + directory + "' is no directory", e);
        }
    }

    /**
     * What is held, and of how much: {@code RAM 1.2 GiB of 11.7 GiB, files 0 B of 38.0 GiB}. Sets no cap: another host of the
     * process may have set one since.
     *
     * @param configuration says what the caps would be, where no session has set them yet
     */
    public static String describe(Configuration configuration) {
        Configuration ofFast = fastBy;
        Configuration ofSlow = slowBy;
        long fast = ofFast == null ? fastCap(configuration, Machine.ofProcess()) : FAST.cap();
        long slow = ofSlow == null ? slowCap(configuration, fast) : SLOW.cap();
        return "KV memory: RAM " + ByteSize.format(FAST.reserved()) + " of " + ByteSize.format(fast)
                + (isAuto(ofFast == null ? configuration : ofFast, Setting.MEMORY_FAST) ? " (auto)" : "") + ", files "
                + ByteSize.format(SLOW.reserved()) + " of " + ByteSize.format(slow)
                + chosen(ofSlow == null ? configuration : ofSlow);
    }

    private static boolean isAuto(Configuration configuration, Setting cap) {
        return configuration.text(cap).equals(AUTO);
    }

    private static String chosen(Configuration configuration) {
        if (!isAuto(configuration, Setting.MEMORY_SLOW)) {
            return "";
        }
        try {
            return chosen(directory(configuration));
        } catch (IOException e) {
            return " (auto)";
        }
    }

    static String chosen(SlowDirectory directory) {
        return directory.isMemory()
                ? " (auto: " + directory.whyNone() + "; set " + Setting.SLOW_DIR.key() + " to a directory on a disk)"
                : " (auto)";
    }
}
