package io.alisa.compat.bench;

import java.util.List;

/** Who attends: the unmodified host, or the plugin in one of its modes. */
enum Mode {
    HOST("host"), EXACT("exact"), INT8("INT8"), SPARSE_20("sparse 0.2"), SPARSE_10("sparse 0.1");

    /** The plugin's modes. */
    static final List<Mode> PLUGIN = List.of(EXACT, INT8, SPARSE_20, SPARSE_10);

    private final String label;

    Mode(String label) {
        this.label = label;
    }

    boolean isPlugin() {
        return this != HOST;
    }

    /** Settings of the plugin that make it so. */
    List<String> settings() {
        return switch (this) {
            case HOST, EXACT -> List.of();
            case INT8 -> List.of("-Dalisa.kv.type=int8");
            case SPARSE_20 -> List.of("-Dalisa.sparse=true", "-Dalisa.sparse.caching-ratio=0.2");
            case SPARSE_10 -> List.of("-Dalisa.sparse=true", "-Dalisa.sparse.caching-ratio=0.1");
        };
    }

    String label() {
        return label;
    }
}
