package io.alisa.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.alisa.config.ByteSize;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.schedule.Caps;
import io.alisa.tier.Machine;

/** The memory limits against what the machine has. */
final class MemoryChecks {
    private static final String AUTO = "auto";

    private MemoryChecks() {
    }

    static List<Check> of(Configuration configuration, Machine machine) {
        List<Check> checks = new ArrayList<>();
        checks.add(memory(configuration.text(Setting.MEMORY_FAST), machine));
        checks.add(disk(configuration.text(Setting.MEMORY_SLOW), configuration.text(Setting.SLOW_DIR),
                fast(configuration.text(Setting.MEMORY_FAST), machine)));
        return checks;
    }

    /** The fast tier's cap as a session would have it. */
    private static long fast(String limit, Machine machine) {
        return limit.equals(AUTO) ? Caps.fastByDefault(machine.usable()) : ByteSize.parse(limit);
    }

    private static Check memory(String limit, Machine machine) {
        String subject = "memory";
        String has = ByteSize.format(machine.ram()) + " RAM" + (machine.container().isPresent()
                ? ", of which the container may use " + ByteSize.format(machine.container().getAsLong())
                : "");
        long fast = fast(limit, machine);
        if (limit.equals(AUTO)) {
            return Check.ok(subject, has + "; auto: " + ByteSize.format(fast) + ", half of that");
        }
        String against = has + "; " + Setting.MEMORY_FAST.key() + " is " + ByteSize.format(fast);
        if (fast > machine.usable()) {
            return Check.fail(subject, against + ": more than there is", "lower it");
        }
        return fast > machine.usable() / 2
                ? Check.warn(subject, against + ": more than half",
                        "leave room for the model's weights and the Java heap")
                : Check.ok(subject, against);
    }

    private static Check disk(String limit, String configured, long fast) {
        String subject = "slow tier";
        if (!limit.equals(AUTO) && ByteSize.parse(limit) == 0) {
            return Check.ok(subject, "none: " + Setting.MEMORY_SLOW.key() + " is 0");
        }
        String directory = configured.isEmpty() ? System.getProperty("java.io.tmpdir", ".") : configured;
        try {
            Path path = Path.of(directory);
            if (!Files.isDirectory(path) || !Files.isWritable(path)) {
                return Check.fail(subject, "'" + directory + "' is not a directory that can be written",
                        "make it, or set " + Setting.SLOW_DIR.key() + " to another");
            }
            return free(subject, limit, directory, fast, Files.getFileStore(path).getUsableSpace());
        } catch (IOException | InvalidPathException e) {
            return Check.fail(subject, "'" + directory + "' can't be looked at: " + e.getMessage(),
                    "set " + Setting.SLOW_DIR.key() + " to another");
        }
    }

    private static Check free(String subject, String limit, String directory, long fast, long free) {
        String has = ByteSize.format(free) + " free in " + directory;
        if (limit.equals(AUTO)) {
            long slow = Caps.slowByDefault(fast, free);
            return Check.ok(subject, has + "; auto: " + ByteSize.format(slow)
                    + (slow == free / 2 ? ", half of that" : ", eight times the RAM"));
        }
        long slow = ByteSize.parse(limit);
        String against = has + "; " + Setting.MEMORY_SLOW.key() + " is " + ByteSize.format(slow);
        return slow > free
                ? Check.fail(subject, against + ": more than there is",
                        "lower it, make room, or set " + Setting.SLOW_DIR.key() + " to another disk")
                : Check.ok(subject, against);
    }
}
