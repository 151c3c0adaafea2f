package io.alisa.tier;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.sun.management.OperatingSystemMXBean;

/**
 * The memory this process may use.
 *
 * @param ram       bytes of physical memory
 * @param container the least limit of the control groups it is in, a container's for instance; empty where there is none
 * @param heap      bytes that the Java heap may grow to
 */
public record Machine(long ram, OptionalLong container, long heap) {
    private static final Path GROUPS = Path.of("/sys/fs/cgroup");
    private static final Path OWN_GROUPS = Path.of("/proc/self/cgroup");
    private static final Pattern TOTAL = Pattern.compile("(?m)^MemTotal: *(\\d{1,15}) kB$");

    public static Machine ofProcess() {
        long heap = Runtime.getRuntime().maxMemory();
        long ram = physical(read(Path.of("/proc/meminfo")), Machine::managed, heap);
        return new Machine(ram, limit(ControlGroups.limits(read(OWN_GROUPS), GROUPS), ram), heap);
    }

    /**
     * A small file where there is one: asking the management beans takes tens of milliseconds the first time. A runtime that
     * {@code jlink} made may have none; the heap may grow to a quarter of the memory there, if nobody says otherwise, and who does
     * says at most the half.
     */
    static long physical(String meminfo, LongSupplier managed, long heap) {
        Matcher total = TOTAL.matcher(meminfo);
        if (total.find()) {
            return Long.parseLong(total.group(1)) << 10;
        }
        try {
            return managed.getAsLong();
        } catch (LinkageError e) {
            return 2 * heap;
        }
    }

    private static long managed() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }

    /** The least limit that can be read and is one: version 1 writes a huge number for none, version 2 a word. */
    public static OptionalLong limit(List<Path> files, long ram) {
        long least = Long.MAX_VALUE;
        for (Path file : files) {
            String text = read(file);
            if (text.matches("\\d{1,18}")) {
                least = Math.min(least, Long.parseLong(text));
            }
        }
        return least <= ram ? OptionalLong.of(least) : OptionalLong.empty();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return ""; // no such control group, or another system
        }
    }

    /** Bytes that can be used at most. */
    public long usable() {
        return Math.min(ram, container.orElse(ram));
    }
}
