package io.alisa.cuda.kernels;

import java.lang.foreign.ValueLayout;

/** Blocks of several sequences. */
final class Int8Sequences implements AttendRun.Rows {
    private final Int8Blocks[] all;

    private Int8Sequences(Int8Blocks[] all) {
        this.all = all;
    }

    static Int8Sequences fill(AttendRun run, double present) {
        Int8Blocks[] all = new Int8Blocks[run.sequences];
        for (int s = 0; s < all.length; s++) {
            all[s] = new Int8Blocks(run.arena, run.random, run.kvHeads, run.headSize, run.blockCount);
            for (int block = 0; block < run.blockCount; block++) {
                if (run.random.nextDouble() >= present) {
                    all[s].place(block, 0);
                }
                run.blocks.setAtIndex(ValueLayout.JAVA_LONG, (long) s * run.blockCount + block,
                        all[s].table.getAtIndex(ValueLayout.JAVA_LONG, block));
            }
        }
        return new Int8Sequences(all);
    }

    @Override
    public boolean isPlaced(int sequence, int block) {
        return all[sequence].isPlaced(block);
    }

    @Override
    public double key(int sequence, int block, int kvHead, int token, int channel) {
        return all[sequence].key(block, kvHead, token, channel);
    }

    @Override
    public double value(int sequence, int block, int kvHead, int token, int channel) {
        return all[sequence].value(block, kvHead, token, channel);
    }
}
