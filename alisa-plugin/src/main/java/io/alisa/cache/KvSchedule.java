package io.alisa.cache;

import io.alisa.schedule.ByteModel;
import io.alisa.schedule.Decision;
import io.alisa.schedule.ModelDimensions;
import io.alisa.schedule.Occupancy;
import io.alisa.schedule.PhaseScheduler;
import io.alisa.schedule.Split;

/** Decides how much a session moves to its file, and how much it deletes. Used under the session's lock. */
@FunctionalInterface
public interface KvSchedule {
    /** What to do before RAM is taken for new blocks. A block there is one of each layer. */
    Decision decide(Occupancy now);

    /** Without a plan: nothing is done before the caps force it. */
    static KvSchedule forced(KvLayout layout, int layers, boolean digested) {
        ModelDimensions model = new ModelDimensions(layers, layout.kvHeads(), layout.kvHeads(), layout.headSize(),
                layout.kvHeads() * layout.headSize(), 1);
        PhaseScheduler scheduler = new PhaseScheduler(Split.NONE, ByteModel.ofSession(model, digested), null);
        return scheduler::decide;
    }
}
