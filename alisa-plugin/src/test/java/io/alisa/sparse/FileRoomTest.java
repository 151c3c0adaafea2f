package io.alisa.sparse;

import static org.assertj.core.api.Assertions.assertThat;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.Teams;
import io.alisa.attention.VectorKernels;
import io.alisa.cache.BlockReader;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvLayout;
import io.alisa.cache.KvMemory;
import io.alisa.schedule.ByteModel;
import io.alisa.schedule.ModelDimensions;
import io.alisa.schedule.PhaseScheduler;
import io.alisa.schedule.Recomputation;
import io.alisa.schedule.Split;
import io.alisa.tier.MemoryBudget;
import io.alisa.tier.MemoryFile;
import org.junit.jupiter.api.Test;

/** What a file still has room for is used before anything is deleted. */
class FileRoomTest {
    private static final int LAYERS = 12;
    private static final AttentionShape SHAPE = new AttentionShape(2, 2, 16, 0);
    private static final KvLayout LAYOUT = new KvLayout(KvFormat.INT8, SHAPE.kvHeads(), SHAPE.headSize());

    /** The file grows by the room of a run of blocks at once, and takes all it may for the first block of each layer. */
    @Test
    void freePlacesCountAsRoom() {
        MemoryBudget fast = new MemoryBudget(Long.MAX_VALUE);
        MemoryBudget slow = new MemoryBudget(LAYERS * BlockReader.RUN * LAYOUT.blockBytes());
        KvMemory memory = new KvMemory(fast, slow, MemoryFile::new);
        try (TieredRun run = new TieredRun(SHAPE, LAYERS, null, 1, memory, new VectorKernels(), Teams.of(2), 3)) {
            ModelDimensions model = new ModelDimensions(LAYERS, 4, 2, 16, 64, 1);
            run.kv.setSchedule(new PhaseScheduler(Split.NONE, ByteModel.ofSession(model, false),
                    Recomputation.REPLAY)::decide);
            run.talk(600, 0, r -> {
            });
            fast.setCap(fast.reserved() + 2 * BlockReader.RUN * LAYOUT.headBytes()); // to read with
            run.talk(1_400, 0, r -> {
            });
            assertThat(slow.reserved()).as("all that the file may take").isEqualTo(slow.cap());
            assertThat(run.kv.storedBytes()).isBetween(1L, slow.cap() * 3 / 4);
            assertThat(run.kv.deletedTokens()).isZero();
            run.talk(4_000, 0, r -> {
            });
            assertThat(run.kv.deletedTokens()).as("when there is no room any more").isPositive();
        }
    }
}
