package io.alisa.cache;

import java.io.IOException;

import io.alisa.tier.BlockFile;
import io.alisa.tier.MemoryBudget;

/**
 * Where sessions take memory from.
 *
 * @param fast  what all sessions may hold in RAM
 * @param slow  what they may hold in files
 * @param files makes a session's file
 */
public record KvMemory(MemoryBudget fast, MemoryBudget slow, Files files) {
    /** Makes files of the slow tier. */
    public interface Files {
        /** A new file, empty and private. */
        BlockFile open() throws IOException;
    }

    /** All the RAM there is, and no file. */
    public static KvMemory unlimited() {
        return new KvMemory(MemoryBudget.unlimited(), new MemoryBudget(0), () -> {
            throw new IOException("There is no slow tier");
        });
    }
}
