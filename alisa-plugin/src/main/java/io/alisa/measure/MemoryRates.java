package io.alisa.measure;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import io.alisa.attention.AttentionKernels;
import io.alisa.attention.AttentionShape;
import io.alisa.attention.AttentionTile;
import io.alisa.parallel.Job;
import io.alisa.parallel.WorkerTeam;

/** How fast memory is read: more of it than any cache holds, with the sweep that the kernels use. */
final class MemoryRates {
    private static final int PART = 1 << 20;

    private MemoryRates() {
    }

    /** Bytes per second, by all threads of the team together. */
    static double measure(AttentionKernels kernels, WorkerTeam team, long bytes, double seconds) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(bytes, 64).fill((byte) 1);
            AttentionTile[] tiles = new AttentionTile[team.size()];
            for (int i = 0; i < tiles.length; i++) {
                tiles[i] = new AttentionTile(new AttentionShape(1, 1, 64, 0), 1);
            }
            Job read = (item, worker) -> kernels.preload(tiles[worker], memory.address() + (long) item * PART, PART);
            return Rate.of((double) bytes, seconds, () -> team.run(read, (int) (bytes / PART)));
        }
    }
}
