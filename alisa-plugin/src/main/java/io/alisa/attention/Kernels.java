package io.alisa.attention;

import org.jspecify.annotations.Nullable;

/**
 * Chooses the kernels, once per process.
 *
 * @param kernels what was chosen
 * @param remedy  why it is not the fastest and what cures it; null when it is
 */
public record Kernels(AttentionKernels kernels, @Nullable String remedy) {
    private static final String MODULE = "jdk.incubator.vector";

    /**
     * The CPU's kernels for {@code alisa.backend}. They are needed beside a device, too.
     *
     * @param backend {@code scalar}, or any other
     */
    public static Kernels choose(String backend) {
        if (backend.equals("scalar")) {
            return new Kernels(new ScalarKernels(),
                    "alisa.backend=scalar was asked for: remove it for speed");
        }
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return new Kernels(new ScalarKernels(),
                    "the Vector API is off, without which Jlama can't load a model: start the JVM with --add-modules "
                            + MODULE);
        }
        try {
            return new Kernels(new VectorKernels(), null);
        } catch (UnsupportedOperationException e) {
            return new Kernels(new ScalarKernels(), "scalar code is used: " + e.getMessage());
        }
    }
}
