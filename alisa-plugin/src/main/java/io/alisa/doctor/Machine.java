package io.alisa.doctor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

import com.sun.management.OperatingSystemMXBean;

/**
 * The memory this process may use.
 *
 * @param ram       bytes of physical memory
 * @param container the container's limit; empty where there is none
 */
record Machine(long ram, OptionalLong container) {
    /** Control groups, version 2 and version 1. */
    private static final List<Path> LIMITS = List.of(Path.of("/sys/fs/cgroup/memory.max"),
            Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

    static Machine ofProcess() {
        var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long ram = system.getTotalMemorySize();
        return new Machine(ram, limit(LIMITS, ram));
    }

    /** The first limit that can be read and is one: version 1 writes a huge number for none, version 2 a word. */
    static OptionalLong limit(List<Path> files, long ram) {
        for (Path file : files) {
            String text = read(file);
            if (text.matches("\\d{1,18}") && Long.parseLong(text) <= ram) {
                return OptionalLong.of(Long.parseLong(text));
            }
        }
        return OptionalLong.empty();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return ""; // no such control group
        }
    }

    /** Bytes that can be used at most. */
    long usable() {
        return Math.min(ram, container.orElse(ram));
    }
}
