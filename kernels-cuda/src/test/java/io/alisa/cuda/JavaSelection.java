package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

import io.alisa.attention.AttentionShape;
import io.alisa.attention.FakeSelection;

/**
 * The kernels that select, for {@link JavaDriver}: the last of them does all the work. The others are there to be launched in
 * order, as {@code attention.cuh} says.
 */
final class JavaSelection {
    private static final List<String> ORDER = List.of("alisa_estimate", "alisa_select_importance",
            "alisa_select_threshold", "alisa_select_masks");
    private static final Set<String> SKIPPED = Set.of("alisa_skipped");

    private final MemorySegment memory;
    /** By the addresses of the references, which a selection has for itself: several sessions' may be under way. */
    private final Map<Long, UnderWay> underWay = new ConcurrentHashMap<>();

    private static final class UnderWay {
        private int step;
        private List<FakeSelection> heads = List.of();
    }

    /** @param memory all of it */
    JavaSelection(MemorySegment memory) {
        this.memory = memory;
    }

    static boolean isKernel(String name) {
        return ORDER.contains(name) || SKIPPED.contains(name);
    }

    /** Says of what a kernel reads and writes that it must be allocated. */
    interface Check {
        void allocated(long address, long bytes);
    }

    void run(String name, int gridX, int gridY, int threads, MemorySegment parameters, Check check) {
        Select given = new Select(parameters);
        if (SKIPPED.contains(name)) {
            skipped(gridX, parameters, check);
            return;
        }
        given.check(check);
        UnderWay selection = underWay.computeIfAbsent(given.pointers[10], _ -> new UnderWay());
        if (name.equals(ORDER.getFirst())) { // one that was cut off is not gone on with
            selection.step = 0;
            given.checkZeroWork();
            given.setWork(1);
        }
        int blocks = selection.step < 3 ? given.scoredBlocks : Math.max(given.digestBlocks, (given.tokens + 63) / 64);
        if (!name.equals(ORDER.get(selection.step)) || gridY != given.kvHeads || threads != 256
                || gridX != Math.max(1, Math.ceilDiv(blocks, 32))) {
            throw new AssertionError("a launch of " + name + " over " + gridX + " x " + gridY);
        }
        selection.step = (selection.step + 1) % ORDER.size();
        if (selection.step == 0) {
            given.setWork(0);
            selection.heads = IntStream.range(0, given.kvHeads).mapToObj(given::select).toList();
        }
    }

    private long word(long address, int index) {
        return memory.get(ValueLayout.JAVA_LONG, address + 8L * index);
    }

    /** {@code SelectParameters}. */
    private final class Select {
        final long[] pointers = new long[12];
        final int digestBlocks;
        final int scoredBlocks;
        final int kvHeads;
        final int group;
        final int headSize;
        final int queryStride;
        final int tokenStride;
        final int blockStride;
        final int tokens;
        final int sinks;
        final int windowStart;
        final int wanted;
        final float softCap;

        Select(MemorySegment raw) {
            for (int i = 0; i < pointers.length && 8L * i + 8 <= raw.byteSize(); i++) {
                pointers[i] = raw.get(ValueLayout.JAVA_LONG, 8L * i);
            }
            int[] words = new int[13];
            for (int i = 0; i < words.length && 100L + 4L * i <= raw.byteSize(); i++) {
                words[i] = raw.get(ValueLayout.JAVA_INT, 96 + 4L * i);
            }
            digestBlocks = words[0];
            scoredBlocks = words[1];
            kvHeads = words[2];
            group = words[3];
            headSize = words[4];
            queryStride = words[5];
            tokenStride = words[6];
            blockStride = words[7];
            tokens = words[8];
            sinks = words[9];
            windowStart = words[10];
            wanted = words[11];
            softCap = Float.intBitsToFloat(words[12]);
        }

        void check(Check check) {
            long rows = (long) kvHeads * group;
            long padded = (headSize + 3L) / 4 * 4;
            check.allocated(pointers[0], 8L * ((digestBlocks + 63) / 64));
            check.allocated(pointers[1], 8L * digestBlocks);
            for (int i = 0; i < digestBlocks; i++) {
                check.allocated(word(pointers[1], i), kvHeads * (padded / 4 + 1) * 64);
                check.allocated(word(pointers[0], i / 64), 128L * kvHeads * (padded + 1));
            }
            check.allocated(pointers[2], 4L * rows * queryStride);
            check.allocated(pointers[4], 4L * rows * tokenStride);
            check.allocated(pointers[5], 4L * kvHeads * tokenStride);
            check.allocated(pointers[6], 8L * kvHeads * tokenStride);
            check.allocated(pointers[7], 4L * kvHeads * (4096 + group + 8));
            check.allocated(pointers[8], 8L * kvHeads * blockStride);
            check.allocated(pointers[9], 4L * rows * blockStride);
            check.allocated(pointers[10], 4L * rows);
            if (pointers[11] != 0) {
                check.allocated(pointers[11], 8L * ((tokens + 63) / 64));
            }
            if (tokenStride < 64L * scoredBlocks || blockStride < (tokens + 63) / 64 || scoredBlocks > digestBlocks
                    || sinks >= windowStart || wanted < 1) {
                throw new AssertionError("not a selection: " + tokens + " tokens");
            }
        }

        /** Between the first launch and the last the work is not zero. */
        void setWork(int value) {
            memory.set(ValueLayout.JAVA_INT, pointers[7], value);
        }

        void checkZeroWork() {
            for (int i = 0; i < kvHeads * (4096 + group + 8); i++) {
                if (memory.get(ValueLayout.JAVA_INT, pointers[7] + 4L * i) != 0) {
                    throw new AssertionError("word " + i + " of the work is not zero");
                }
            }
        }

        FakeSelection select(int kvHead) {
            float[] queries = new float[kvHeads * group * queryStride];
            for (int i = 0; i < queries.length; i++) {
                queries[i] = memory.get(ValueLayout.JAVA_FLOAT, pointers[2] + 4L * i);
            }
            List<Integer> pinned = new ArrayList<>();
            for (int t = 0; pointers[11] != 0 && t < tokens; t++) {
                if ((word(pointers[11], t / 64) >>> t & 1) != 0) {
                    pinned.add(t);
                }
            }
            FakeSelection selection = new FakeSelection(new AttentionShape(kvHeads, group, headSize, softCap), kvHead,
                    queries, digestBlocks, block -> word(pointers[1], block), index -> word(pointers[0], index), tokens,
                    sinks, windowStart, wanted, pinned);
            for (int block = 0; block < selection.selected.length; block++) {
                memory.set(ValueLayout.JAVA_LONG, pointers[8] + 8L * ((long) kvHead * blockStride + block),
                        selection.selected[block]);
            }
            return selection;
        }
    }

    /** {@code SkippedParameters}: everything in the first split. */
    private void skipped(int gridX, MemorySegment raw, Check check) {
        UnderWay selection = underWay.get(raw.get(ValueLayout.JAVA_LONG, 16));
        if (selection == null) {
            throw new AssertionError("nothing was selected there");
        }
        long partials = raw.get(ValueLayout.JAVA_LONG, 24);
        int kvHeads = raw.get(ValueLayout.JAVA_INT, 36);
        int group = raw.get(ValueLayout.JAVA_INT, 40);
        int headSize = raw.get(ValueLayout.JAVA_INT, 44);
        int partialCount = raw.get(ValueLayout.JAVA_INT, 52);
        int firstPartial = raw.get(ValueLayout.JAVA_INT, 56);
        int floats = 4 + (headSize + 3) / 4 * 4;
        check.allocated(partials, 4L * kvHeads * group * partialCount * floats);
        for (int row = 0; row < kvHeads * group; row++) {
            FakeSelection of = selection.heads.get(row / group);
            double[] values = of.skippedValues(row % group);
            for (int split = 0; split < gridX; split++) {
                long to = partials + 4L * ((long) row * partialCount + firstPartial + split) * floats;
                memory.set(ValueLayout.JAVA_FLOAT, to, of.references[row % group]);
                memory.set(ValueLayout.JAVA_FLOAT, to + 4, split == 0 ? (float) of.skippedMass(row % group) : 0);
                for (int i = 0; i < headSize; i++) {
                    memory.set(ValueLayout.JAVA_FLOAT, to + 16 + 4L * i, split == 0 ? (float) values[i] : 0);
                }
            }
        }
    }
}
