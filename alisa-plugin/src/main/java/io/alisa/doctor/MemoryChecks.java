package io.alisa.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.schedule.Caps;
import io.alisa.tier.Machine;
import io.alisa.tier.PrivateFile;
import io.alisa.tier.SlowDirectory;
import io.alisa.units.ByteSize;

/** The memory limits against what the machine has. */
final class MemoryChecks {
    private static final String AUTO = "auto";
    private static final String SLOW_TIER = "slow tier";
    /** Less holds no conversation of any but the smallest models. */
    private static final long LITTLE = 16L << 20;

    private MemoryChecks() {
    }

    static List<Check> of(Configuration configuration, Machine machine) {
        List<Check> checks = new ArrayList<>();
        long fast = Caps.fast(configuration, Caps.fastByDefault(machine.usable(), machine.heap()));
        checks.add(memory(configuration.text(Setting.MEMORY_FAST), fast, machine));
        Check disk = disk(configuration.text(Setting.MEMORY_SLOW), configuration.text(Setting.SLOW_DIR), fast);
        String unused = ConfigurationChecks.whyNoFiles(configuration);
        checks.add(unused == null || disk.mark() == Check.Mark.OK ? disk : harmless(disk, unused));
        return checks;
    }

    /** What would be wrong with files that no session writes. */
    private static Check harmless(Check disk, String mode) {
        return new Check(Check.Mark.WARN, disk.subject(), disk.text() + "; not used " + mode, disk.remedy());
    }

    private static Check memory(String limit, long fast, Machine machine) {
        String subject = "memory";
        String has = ByteSize.format(machine.ram()) + " RAM" + (machine.container().isPresent()
                ? ", of which the container may use " + ByteSize.format(machine.container().getAsLong())
                : "");
        String beside = " beside a heap of up to " + ByteSize.format(machine.heap());
        boolean tooMuch = machine.heap() > machine.usable() - fast;
        String lower = "lower one of them: the model's weights come on top; the heap is this JVM's: give the doctor the"
                + " application's -Xmx";
        if (limit.equals(AUTO)) {
            String auto = has + "; auto: " + ByteSize.format(fast) + beside;
            return tooMuch
                    ? Check.warn(subject, auto + ": together more than there is", lower)
                    : Check.ok(subject, auto);
        }
        String against = has + "; " + Setting.MEMORY_FAST.key() + " is " + ByteSize.format(fast);
        if (fast > machine.usable()) {
            return Check.fail(subject, against + ": more than there is", "lower it");
        }
        if (fast < LITTLE) {
            return Check.warn(subject, against + ": hardly any session finds room there",
                    "give it a unit, for instance 512m: a bare number is bytes");
        }
        if (tooMuch) {
            return Check.warn(subject, against + beside + ": together more than there is", lower);
        }
        return fast > machine.usable() / 2
                ? Check.warn(subject, against + ": more than half",
                        "leave room for the model's weights and the Java heap")
                : Check.ok(subject, against);
    }

    private static Check disk(String limit, String configured, long fast) {
        String subject = SLOW_TIER;
        if (!limit.equals(AUTO) && ByteSize.parse(limit) == 0) {
            return Check.ok(subject, "none: " + Setting.MEMORY_SLOW.key() + " is 0");
        }
        try {
            Path directory = PrivateFile.directory(configured);
            if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
                return Check.fail(subject, "'" + directory + "' is not a directory that can be written",
                        "make it, or set " + Setting.SLOW_DIR.key() + " to another");
            }
            return free(limit, SlowDirectory.of(directory), fast);
        } catch (IOException | InvalidPathException e) {
            return Check.fail(subject, "'" + configured + "' can't be looked at: " + e,
                    "set " + Setting.SLOW_DIR.key() + " to another");
        }
    }

    /** A limit against what is free where the files go. */
    static Check free(String limit, SlowDirectory directory, long fast) {
        long free = directory.freeBytes();
        String has = ByteSize.format(free) + " free in " + directory.path();
        if (limit.equals(AUTO)) {
            long slow = Caps.slowByDefault(fast, directory.freeDiskBytes());
            return directory.isMemory()
                    ? inMemory(directory, "auto: none")
                    : Check.ok(SLOW_TIER, has + "; auto: " + ByteSize.format(slow)
                            + (slow == free / 2 ? ", half of that" : ", eight times " + Setting.MEMORY_FAST.key()));
        }
        long slow = ByteSize.parse(limit);
        String against = Setting.MEMORY_SLOW.key() + " is " + ByteSize.format(slow);
        if (slow > free) {
            return Check.fail(SLOW_TIER, has + "; " + against + ": more than there is",
                    "lower it, make room, or set " + Setting.SLOW_DIR.key() + " to another disk");
        }
        return directory.isMemory() ? inMemory(directory, against) : Check.ok(SLOW_TIER, has + "; " + against);
    }

    private static Check inMemory(SlowDirectory directory, String limit) {
        return Check.warn(SLOW_TIER, directory.whyNone() + "; " + limit,
                "set " + Setting.SLOW_DIR.key() + " to a directory on a disk, for instance /var/tmp");
    }
}
