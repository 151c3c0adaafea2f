package io.alisa.cuda;

import java.util.function.IntSupplier;

import org.jspecify.annotations.Nullable;

/**
 * Which device a thread's calls are about. The driver keeps that for each thread of the operating system: a stack of contexts,
 * on which ours is while a thread is attached.
 *
 * <p>A virtual thread that waits, for a monitor or for the team, may go on on another thread of the operating system, without
 * our context, and leave it behind for others. So such a thread is attached for each call anew: nothing waits between.
 */
final class CurrentContext {
    private static final Driver.Attachment PER_CALL = () -> {
        // each call ends its own
    };

    private final IntSupplier push;
    private final IntSupplier pop;
    private final Driver.Attachment attachment;

    /**
     * @param push puts our context on the calling thread's stack
     * @param pop  takes the uppermost off
     */
    CurrentContext(IntSupplier push, IntSupplier pop) {
        this.push = push;
        this.pop = pop;
        this.attachment = () -> JCudaCall.failure(pop);
    }

    /** See {@link Driver#attach}. */
    Driver.Attachment attach() {
        if (Thread.currentThread().isVirtual()) {
            return PER_CALL;
        }
        JCudaCall.check("cuCtxPushCurrent", push);
        return attachment;
    }

    /** {@link JCudaCall#failure} of a thread that is attached. */
    @Nullable
    String failure(IntSupplier call) {
        if (!Thread.currentThread().isVirtual()) {
            return JCudaCall.failure(call);
        }
        String refused = JCudaCall.failure(push);
        if (refused != null) {
            return refused;
        }
        try {
            return JCudaCall.failure(call);
        } finally {
            JCudaCall.failure(pop);
        }
    }

    /** {@link JCudaCall#check} likewise. */
    void check(String name, IntSupplier call) {
        JCudaCall.check(name, failure(call));
    }

    /** {@link JCudaCall#findsRoom} likewise. */
    boolean findsRoom(String name, IntSupplier call) {
        return JCudaCall.findsRoom(name, failure(call));
    }
}
