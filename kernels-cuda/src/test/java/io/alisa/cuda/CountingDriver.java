package io.alisa.cuda;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/** Counts the launches of each kernel; not thread-safe. */
class CountingDriver extends FaultyDriver {
    private final IdentityHashMap<Kernel, String> names = new IdentityHashMap<>();
    private final Map<String, Integer> launches = new HashMap<>();

    CountingDriver(Driver behind) {
        super(behind, Long.MAX_VALUE);
    }

    /** Launches so far. */
    int launches(String kernel) {
        return launches.getOrDefault(kernel, 0);
    }

    @Override
    public Kernel kernel(String name, int sharedBytes) {
        Kernel kernel = super.kernel(name, sharedBytes);
        names.put(kernel, name);
        return kernel;
    }

    @Override
    public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
            Arguments arguments) {
        launches.merge(names.getOrDefault(kernel, "unknown"), 1, Integer::sum);
        super.launch(kernel, gridX, gridY, gridZ, threads, stream, arguments);
    }
}
