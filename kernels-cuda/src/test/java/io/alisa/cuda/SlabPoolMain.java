package io.alisa.cuda;

import io.alisa.tier.MemoryBudget;

/** Takes blocks whose slab needs more of Java's memory than there is: run with a small heap. Says what is left over then. */
final class SlabPoolMain {
    /** So small that the list of a slab's free blocks takes four times as much as they do. */
    private static final long BLOCK_BYTES = 1;

    private SlabPoolMain() {
    }

    public static void main(String[] arguments) {
        JavaDriver driver = new JavaDriver();
        MemoryBudget budget = MemoryBudget.unlimited();
        SlabPool pool = new SlabPool(driver, budget.open(bytes -> {
            // nothing of it can be given back
        }));
        try {
            System.out.println("taken: " + pool.take(BLOCK_BYTES));
        } catch (OutOfMemoryError e) {
            System.out.println("left over: " + driver.leftOver() + " pieces, " + budget.reserved() + " bytes");
        }
    }
}
