package io.alisa.save;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.alisa.json.JsonReader;

/**
 * What a saved session is, apart from its bytes. The tensors of its file follow from it:
 *
 * <pre>
 *  tokens         I32  [tokens]                        token ids, of the positions 0, 1, ...
 *  batches        I32  [batches, 2]                    first token of each batch of a prompt, and behind its last
 *  recent         F32  [layers, ...]                   the newest block in floats, INT8 only
 *  policy.lengths I32  [layers, rows]                  what a sparse policy remembers: how long its rows are ...
 *  policy.weights F32  [sum of the lengths]            ... and the rows, one behind the other; of policies that do
 *  kv             any  [blocks, layers, ...]           keys and values, in blocks of 64 tokens
 *  checksums      U32  [1 + pieces + 1]                CRC32C of the header with its length; of each piece in the order
 *                                                      of the file, where kv has one per block and layer, recent one per
 *                                                      layer, and the others one; and of all these checksums
 * </pre>
 *
 * Shapes within a block are those of the cache's layout. A tensor without elements is left out.
 *
 * @param model        fingerprint of the model
 * @param plugin       version of the plugin that wrote it, for information
 * @param codec        how keys and values are kept, by the cache's name for it
 * @param tokens       tokens of the session, one or more
 * @param kvType       of {@code kv}
 * @param blockShape   of {@code kv} behind blocks and layers
 * @param recentShape  of {@code recent} behind the layers; empty where there is none
 * @param policyRows   rows that a policy remembers in each layer
 * @param policyFloats elements of all of them
 * @param texts        what else is to be known to go on with the session, in the words of who does
 */
public record SessionManifest(String model, String plugin, String codec, int tokens, int layers, TensorType kvType,
        List<Long> blockShape, List<Long> recentShape, int batches, int policyRows, long policyFloats,
        Map<String, String> texts) {
    /** Of what is written and read here. A reader knows one. */
    static final String FORMAT_VERSION = "1";
    static final String OTHER_PLUGIN = "; use the plugin that wrote it";
    private static final int BLOCK_TOKENS = 64;
    /** Of a block of the narrowest head: smaller ones would be more checksums than the file is worth reading. */
    private static final long LEAST_PIECE_BYTES = 256;
    private static final String PREFIX = "alisa.";
    private static final String SESSION = PREFIX + "session.";

    static final String TOKENS = "tokens";
    static final String BATCHES = "batches";
    static final String RECENT = "recent";
    static final String POLICY_LENGTHS = "policy.lengths";
    static final String POLICY_WEIGHTS = "policy.weights";
    static final String KV = "kv";
    static final String CHECKSUMS = "checksums";

    public SessionManifest {
        blockShape = List.copyOf(blockShape);
        recentShape = List.copyOf(recentShape);
        texts = Map.copyOf(texts);
    }

    /** Blocks of a layer. */
    public int blocks() {
        return (int) ((tokens + BLOCK_TOKENS - 1L) / BLOCK_TOKENS);
    }

    /** Into how many pieces with a checksum of their own a tensor is cut. */
    int pieces(String tensor) {
        return switch (tensor) {
            case KV -> Math.multiplyExact(blocks(), layers);
            case RECENT -> layers;
            case CHECKSUMS -> 0;
            default -> 1;
        };
    }

    /**
     * The header that says all this.
     *
     * @throws ArithmeticException where no file could be so large
     */
    SafetensorsHeader header() {
        List<TensorEntry> entries = new ArrayList<>();
        add(entries, TOKENS, TensorType.I32, List.of((long) tokens));
        add(entries, BATCHES, TensorType.I32, List.of((long) batches, 2L));
        add(entries, RECENT, TensorType.F32, recentShape.isEmpty() ? List.of(0L) : behind(recentShape, layers));
        add(entries, POLICY_LENGTHS, TensorType.I32, List.of((long) layers, (long) policyRows));
        add(entries, POLICY_WEIGHTS, TensorType.F32, List.of(policyFloats));
        add(entries, KV, kvType, behind(blockShape, blocks(), layers));
        long pieces = 0;
        for (TensorEntry entry : entries) {
            pieces += pieces(entry.name());
        }
        add(entries, CHECKSUMS, TensorType.U32, List.of(1 + pieces + 1));
        return new SafetensorsHeader(metadata(), entries);
    }

    private static void add(List<TensorEntry> entries, String name, TensorType type, List<Long> shape) {
        TensorEntry entry = new TensorEntry(name, type, shape, entries.isEmpty() ? 0 : entries.getLast().end());
        if (entry.bytes() > 0) {
            entries.add(entry);
        }
    }

    private static List<Long> behind(List<Long> shape, long... sizes) {
        List<Long> whole = new ArrayList<>();
        for (long size : sizes) {
            whole.add(size);
        }
        whole.addAll(shape);
        return whole;
    }

    private Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(PREFIX + "format", FORMAT_VERSION);
        metadata.put(PREFIX + "plugin", plugin);
        metadata.put(PREFIX + "model", model);
        metadata.put(PREFIX + "codec", codec);
        metadata.put(PREFIX + "block-tokens", Integer.toString(BLOCK_TOKENS));
        metadata.put(PREFIX + "first-position", "0");
        texts.forEach((key, value) -> metadata.put(SESSION + key, value));
        return metadata;
    }

    /**
     * The manifest of a header that was read. Its tensors must be the very ones that follow from it. Texts that are not
     * known are ignored: a later version may add some as long as this one can do without them.
     *
     * @throws IllegalArgumentException with what is wrong, as the end of a sentence
     */
    static SessionManifest of(SafetensorsHeader header) {
        Map<String, String> texts = header.metadata();
        String version = texts.get(PREFIX + "format");
        if (version == null) {
            throw new IllegalArgumentException("it is no saved session");
        }
        if (!version.equals(FORMAT_VERSION)) {
            throw new IllegalArgumentException(
                    "it has version '" + JsonReader.excerpt(version) + "' of the format and this plugin"
                            + " reads version " + FORMAT_VERSION + OTHER_PLUGIN);
        }
        require(texts, "block-tokens", Integer.toString(BLOCK_TOKENS));
        require(texts, "first-position", "0");
        TensorEntry tokens = tensor(header, TOKENS);
        TensorEntry kv = tensor(header, KV);
        if (kv.shape().size() < 3) {
            throw new IllegalArgumentException("'" + KV + "' has too few dimensions");
        }
        List<Long> recent = shape(header, RECENT);
        List<Long> batches = shape(header, BATCHES);
        List<Long> lengths = shape(header, POLICY_LENGTHS);
        List<Long> weights = shape(header, POLICY_WEIGHTS);
        Map<String, String> ofSession = new LinkedHashMap<>();
        texts.forEach((key, value) -> {
            if (key.startsWith(SESSION)) {
                ofSession.put(key.substring(SESSION.length()), value);
            }
        });
        SessionManifest manifest = new SessionManifest(text(texts, "model"), text(texts, "plugin"),
                text(texts, "codec"),
                size(tokens.shape(), 0), size(kv.shape(), 1), kv.type(), kv.shape().subList(2, kv.shape().size()),
                recent.isEmpty() ? recent : recent.subList(1, recent.size()), batches.isEmpty() ? 0 : size(batches, 0),
                lengths.isEmpty() ? 0 : size(lengths, 1), weights.isEmpty() ? 0 : weights.getFirst(), ofSession);
        manifest.mustDescribe(header);
        return manifest;
    }

    private void mustDescribe(SafetensorsHeader header) {
        List<TensorEntry> expected = header().tensors();
        if (tokens < 1 || layers < 1 || batches > tokens || pieceBytes() < LEAST_PIECE_BYTES
                || !expected.equals(header.tensors())) {
            throw new IllegalArgumentException("its tensors are not those of a session of " + tokens + " tokens in "
                    + layers + " layers");
        }
    }

    /** Bytes of a block of one layer. */
    private long pieceBytes() {
        long bytes = kvType.bytes();
        for (long size : blockShape) {
            bytes = Math.multiplyExact(bytes, size);
        }
        return bytes;
    }

    private static TensorEntry tensor(SafetensorsHeader header, String name) {
        for (TensorEntry entry : header.tensors()) {
            if (entry.name().equals(name)) {
                return entry;
            }
        }
        throw new IllegalArgumentException("'" + name + "' is missing");
    }

    /** Empty where there is no such tensor. */
    private static List<Long> shape(SafetensorsHeader header, String name) {
        for (TensorEntry entry : header.tensors()) {
            if (entry.name().equals(name)) {
                return entry.shape();
            }
        }
        return List.of();
    }

    private static int size(List<Long> shape, int dimension) {
        if (dimension >= shape.size() || shape.get(dimension) > Integer.MAX_VALUE - BLOCK_TOKENS) {
            throw new IllegalArgumentException("it has a tensor of a shape that no session has");
        }
        return shape.get(dimension).intValue();
    }

    private static String text(Map<String, String> texts, String key) {
        String text = texts.get(PREFIX + key);
        if (text == null) {
            throw new IllegalArgumentException("'" + PREFIX + key + "' is missing");
        }
        return text;
    }

    private static void require(Map<String, String> texts, String key, String value) {
        if (!text(texts, key).equals(value)) {
            throw new IllegalArgumentException(
                    "'" + PREFIX + key + "' is '" + JsonReader.excerpt(text(texts, key)) + "' and not "
                            + value);
        }
    }
}
