package io.alisa.memory;

/** Whether this JVM lets us reach memory by address. To be asked before anything is served: amid a reply it is too late. */
public final class NativeAccess {
    private NativeAccess() {
    }

    /** Throws {@link IllegalStateException}, with a sentence for the user, where it does not. */
    public static void require() {
        try {
            OffHeap.clear(0, 0); // nothing, but now the class is there, or never
        } catch (ExceptionInInitializerError | NoClassDefFoundError e) {
            throw new IllegalStateException(
                    "this JVM denies access to native memory, which keys and values are kept in:"
                            + " start it with --enable-native-access=ALL-UNNAMED",
                    e);
        }
    }
}
