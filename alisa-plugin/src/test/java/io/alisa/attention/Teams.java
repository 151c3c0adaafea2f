package io.alisa.attention;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.alisa.parallel.WorkerTeam;

/** One team of each size for all tests: a team's threads live as long as the process. */
public final class Teams {
    private static final ConcurrentMap<Integer, WorkerTeam> TEAMS = new ConcurrentHashMap<>();

    private Teams() {
    }

    public static WorkerTeam of(int size) {
        return TEAMS.computeIfAbsent(size, WorkerTeam::new);
    }
}
