package io.alisa.tier;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where the limits on this process's memory are written. A container sees its own at the root; under systemd, Slurm and the
 * like the process is in a group somewhere below, and every group above it limits it, too.
 */
final class ControlGroups {
    private static final String LIMIT = "memory.max";
    private static final String OLD_LIMIT = "memory.limit_in_bytes";

    private ControlGroups() {
    }

    /**
     * The files that may hold a limit, of both versions; some of them may not be there.
     *
     * @param membership what {@code /proc/self/cgroup} says: a line per hierarchy, its number, controllers and the group
     * @param root       where control groups are mounted
     */
    static List<Path> limits(String membership, Path root) {
        Path old = root.resolve("memory");
        Set<Path> files = new LinkedHashSet<>();
        for (String line : membership.lines().toList()) {
            String[] parts = line.split(":", 3);
            if (parts.length == 3 && parts[1].isEmpty()) {
                addUpwards(files, root, parts[2], LIMIT);
            } else if (parts.length == 3 && List.of(parts[1].split(",", -1)).contains("memory")) {
                addUpwards(files, old, parts[2], OLD_LIMIT);
            }
        }
        files.add(root.resolve(LIMIT)); // whatever the process is told of its place
        files.add(old.resolve(OLD_LIMIT));
        return List.copyOf(files);
    }

    private static void addUpwards(Set<Path> files, Path root, String group, String name) {
        try {
            Path directory = root.resolve(group.substring(Math.min(1, group.length()))).normalize();
            while (directory != null && directory.startsWith(root)) {
                files.add(directory.resolve(name));
                directory = directory.getParent();
            }
        } catch (InvalidPathException e) {
            return; // a name that is none here: the root's limit is left
        }
    }
}
