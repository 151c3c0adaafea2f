package io.alisa.host;

import java.io.IOException;
import java.nio.file.Path;

import io.alisa.cache.KvMemory;
import io.alisa.config.ByteSize;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.tier.Machine;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.PrivateFile;

/** What all sessions of the process may hold in RAM and in files, by the settings as they are. Thread-safe. */
public final class ProcessMemory {
    private static final String AUTO = "auto";
    /** Where a cap is left to us: that part of the machine's memory, of what is free on the disk. */
    private static final int PART = 2;
    /** And no more than so many times the fast tier on the disk. */
    private static final int SLOW_TO_FAST = 8;

    private static final MemoryBudget FAST = new MemoryBudget(0);
    private static final MemoryBudget SLOW = new MemoryBudget(0);

    private ProcessMemory() {
    }

    /** Sets the caps anew and says where a session takes memory from. */
    public static KvMemory of(Configuration configuration) {
        Path directory = PrivateFile.directory(configuration.text(Setting.SLOW_DIR));
        long fast = fastCap(configuration, Machine.ofProcess());
        FAST.setCap(fast);
        SLOW.setCap(slowCap(configuration, fast, directory));
        return new KvMemory(FAST, SLOW, () -> new PrivateFile(directory));
    }

    private static long fastCap(Configuration configuration, Machine machine) {
        String text = configuration.text(Setting.MEMORY_FAST);
        return text.equals(AUTO) ? machine.usable() / PART : ByteSize.parse(text);
    }

    private static long slowCap(Configuration configuration, long fast, Path directory) {
        String text = configuration.text(Setting.MEMORY_SLOW);
        if (!text.equals(AUTO)) {
            return ByteSize.parse(text);
        }
        try {
            return Math.min(SLOW_TO_FAST * fast, PrivateFile.usableBytes(directory) / PART);
        } catch (IOException e) {
            return 0; // a directory that can't be looked at can't be written to: sessions say so when they need it
        }
    }

    /** For instance {@code RAM 1.2 GB of 11.7 GB, file 0 B of 38 GB}. */
    public static String describe() {
        return "KV memory: RAM " + ByteSize.format(FAST.reserved()) + " of " + ByteSize.format(FAST.cap()) + ", files "
                + ByteSize.format(SLOW.reserved()) + " of " + ByteSize.format(SLOW.cap());
    }
}
