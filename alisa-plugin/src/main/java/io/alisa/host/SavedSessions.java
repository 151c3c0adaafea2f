package io.alisa.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.alisa.attention.DigestWriter;
import io.alisa.cache.KvExport;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvImport;
import io.alisa.cache.KvLayout;
import io.alisa.cache.PinnedSpans;
import io.alisa.config.Setting;
import io.alisa.save.ManifestCheck;
import io.alisa.save.SaveException;
import io.alisa.save.SessionManifest;
import io.alisa.save.SessionReader;
import io.alisa.save.SessionWriter;
import io.alisa.sparse.Policies;
import io.alisa.sparse.SparseSession;

/** Writes sessions to files, and fills fresh ones from them: what they hold, and what their policies remember. */
public final class SavedSessions {
    /** Ends a sentence about a session that is known and can't be saved. */
    public static final String GONE = " holds no keys and values at present (nothing was said yet, the host serves it alone,"
            + " or it was closed and its memory was given to others, or kept too long): go on with it, then save it; with "
            + Setting.PREFIX_SCOPE.key() + "=off nothing is kept when it is closed, and generate closes it at its end";

    /** The first token that was decoded without seeing all others. */
    private static final String SPARSE_FROM = "sparse-from";
    private static final String PINNED = "pinned";

    /**
     * A session that was restored.
     *
     * @param ids          of all its tokens; not copied
     * @param computed     how
     * @param pendingToken that its last reply ended with and that was not fed; negative: none
     * @param marked       whether the host begins every prompt with a mark
     * @param pinned       what is always attended
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Restored(HostSession session, int[] ids, BatchLog computed, int pendingToken, boolean marked,
            PinnedSpans pinned) {
    }

    private SavedSessions() {
    }

    /**
     * Writes a session. Under the session's lock, between steps.
     *
     * @param binding of its user
     * @param model   fingerprint of its model
     * @param marks   whether {@code generate} begins that model's prompts with a mark
     */
    public static void save(HostSession session, Binding binding, String model, boolean marks, Path file)
            throws IOException {
        int tokens = session.tokens();
        KvExport kv = new KvExport(session.kv(), tokens);
        if (binding.tokens().size() < tokens) {
            throw new IllegalStateException("The token ids of this session are not known, so it can't be saved");
        }
        if (binding.isBehind(tokens)) { // all layers have as many, yet not all of the conversation
            throw KvExport.midway();
        }
        int[] ids = binding.tokens().first(tokens); // before it is looked at for the last time: those of another prompt come after
        List<float[]> rows = rows(session);
        int[] lengths = rows.stream().mapToInt(row -> row.length).toArray();
        KvLayout layout = session.kv().layout();
        int layers = session.kv().layerCount();
        BatchLog computed = session.computed();
        int[] batches = computed.bounds();
        SessionManifest manifest = new SessionManifest(model, version(), layout.format().name(), tokens, layers,
                KvExport.type(layout), KvExport.shape(layout), KvExport.recentShape(layout), batches.length / 2,
                lengths.length / layers, rows.stream().mapToLong(row -> row.length).sum(),
                texts(session, binding, computed, marks));
        if (!session.equals(binding.held()) || session.tokens() != tokens) { // a prompt that goes on with it may have come while it was looked at
            throw new IllegalStateException(
                    "Another conversation has just gone on with this session: save that one, or go"
                            + " on with this one first");
        }
        try (SessionWriter to = new SessionWriter(file, manifest)) {
            to.write(ids);
            to.write(batches);
            kv.writeRecent(to);
            to.write(lengths);
            for (float[] row : rows) {
                to.write(row);
            }
            kv.writeBlocks(to);
            to.commit();
        }
    }

    private static String version() {
        String version = SavedSessions.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }

    private static Map<String, String> texts(HostSession session, Binding binding, BatchLog computed, boolean marks) {
        Map<String, String> texts = new HashMap<>(session.mode().texts());
        texts.putAll(binding.pending().texts(session.tokens(), marks));
        texts.put(SPARSE_FROM, Integer.toString(computed.sparseFrom()));
        PinnedSpans pinned = session.kv().pinned().before(session.tokens());
        List<String> spans = new ArrayList<>();
        for (int i = 0; i < pinned.spans(session.tokens()); i++) {
            spans.add(pinned.from(i) + "-" + pinned.end(i));
        }
        texts.put(PINNED, String.join(" ", spans));
        return texts;
    }

    /** What the policy remembers, layer after layer, as many rows of each; short of rows, empty ones come first. */
    private static List<float[]> rows(HostSession session) {
        SparseSession sparse = session.sparse();
        List<float[]> all = new ArrayList<>();
        if (sparse == null) {
            return all;
        }
        List<List<float[]>> layers = new ArrayList<>();
        int most = 0;
        for (int layer = 0; layer < session.kv().layerCount(); layer++) {
            layers.add(sparse.memory(layer));
            most = Math.max(most, layers.getLast().size());
        }
        for (List<float[]> layer : layers) {
            for (int missing = layer.size(); missing < most; missing++) {
                all.add(new float[0]);
            }
            all.addAll(layer);
        }
        return all;
    }

    /**
     * Restores a session. Nothing is taken of any cache before the file turned out to be whole and of this model; where it
     * fails later on, all that was taken is given back.
     *
     * @param model      fingerprint of the model
     * @param vocabulary token ids are below this
     * @param marks      whether {@code generate} begins that model's prompts with a mark
     * @param opener     opens a session of that model
     * @throws IOException where the file can't be read, or is not one of a session of this model
     * @throws io.alisa.tier.MemoryFullException where there is no room for it
     */
    public static Restored restore(Path file, String model, ModelShape shape, int vocabulary, boolean marks,
            Function<SessionMode, HostSession> opener) throws IOException {
        ManifestCheck check = manifest -> {
            if (!manifest.model().equals(model)) {
                throw new SaveException("'" + file + "' can't be restored: it is a session of another model, or of this"
                        + " one loaded with other types; load the model it was saved with");
            }
            check(manifest, shape, vocabulary, marks);
        };
        try (SessionReader from = SessionReader.open(file, check)) {
            SessionMode mode = mode(from.manifest(), shape.format());
            int[] ids = ids(from, vocabulary);
            BatchLog computed = computed(from, ids.length);
            int pending = pending(from.manifest(), vocabulary);
            PinnedSpans pinned = pinned(from.manifest(), ids.length);
            HostSession session = opener.apply(mode);
            boolean filled = false;
            try {
                fill(session, from, computed, pinned, ids);
                filled = true;
                return new Restored(session, ids, computed, pending, isMarked(from.manifest()), pinned);
            } finally {
                if (!filled) {
                    session.close();
                }
            }
        } catch (IllegalArgumentException e) {
            throw new SaveException("'" + file + "' can't be restored: " + e.getMessage()
                    + "; use a file that was saved by this plugin", e);
        }
    }

    /** Whether it can be a session of this model, and no larger than one can be: as far as its header says. */
    private static void check(SessionManifest manifest, ModelShape shape, int vocabulary, boolean marks) {
        SessionMode mode = mode(manifest, shape.format());
        if (manifest.tokens() > shape.contextLength()) {
            throw new IllegalArgumentException("it has more tokens than the model's context");
        }
        KvImport.check(manifest, new KvLayout(mode.format(), shape.kvHeads(), shape.headSize()), shape.layers());
        int rows = mode.policy() == null ? 0 : Policies.mostRows(mode.policy(), shape.kvHeads());
        if (manifest.policyRows() > rows
                || manifest.policyFloats() > (long) shape.layers() * rows * manifest.tokens()) {
            throw new IllegalArgumentException("its policy remembers more than one does");
        }
        // The host would be told a wrong place to go on at.
        if (isMarked(manifest) != marks && (!marks || pending(manifest, vocabulary) >= 0)) {
            throw new IllegalArgumentException("it says of prompts that they begin otherwise than this model's do");
        }
    }

    private static boolean isMarked(SessionManifest manifest) {
        return "true".equals(manifest.texts().get(PendingToken.MARKED));
    }

    /** The mode that it was saved in, whatever the settings are now. */
    private static SessionMode mode(SessionManifest manifest, KvFormat hostFormat) {
        for (KvFormat format : KvFormat.values()) {
            if (format.name().equals(manifest.codec())) {
                return SessionMode.of(manifest.texts(), format, hostFormat);
            }
        }
        throw new IllegalArgumentException("it keeps keys and values in a format that this plugin does not know");
    }

    private static int[] ids(SessionReader from, int vocabulary) throws IOException {
        int[] ids = from.tokens();
        for (int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException("it has a token that the model does not know");
            }
        }
        return ids;
    }

    private static BatchLog computed(SessionReader from, int tokens) throws IOException {
        BatchLog computed = new BatchLog();
        int[] bounds = from.batches();
        int after = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i] < after || bounds[i + 1] < bounds[i] + 2L || bounds[i + 1] > tokens) {
                throw new IllegalArgumentException("its batches are not those of its tokens");
            }
            after = bounds[i + 1];
            computed.add(bounds[i], after, false);
        }
        int sparseFrom = number(from.manifest(), SPARSE_FROM, 0);
        if (sparseFrom < tokens) {
            computed.addSparse(sparseFrom);
        }
        return computed;
    }

    private static int pending(SessionManifest manifest, int vocabulary) {
        int pending = number(manifest, PendingToken.TOKEN, -1);
        if (pending >= vocabulary) {
            throw new IllegalArgumentException("it has a token that the model does not know");
        }
        return pending;
    }

    private static PinnedSpans pinned(SessionManifest manifest, int tokens) {
        PinnedSpans pinned = PinnedSpans.NONE;
        String spans = manifest.texts().getOrDefault(PINNED, "");
        for (String span : spans.isEmpty() ? new String[0] : spans.split(" ", -1)) {
            if (!span.matches("\\d{1,9}-\\d{1,9}")) {
                throw new IllegalArgumentException("its pinned spans are none");
            }
            String[] bounds = span.split("-", 2);
            pinned = pinned.with(Integer.parseInt(bounds[0]), Integer.parseInt(bounds[1]));
        }
        if (pinned.spans(tokens) < pinned.spans(Integer.MAX_VALUE)
                || (!pinned.isEmpty() && pinned.end(pinned.spans(tokens) - 1) > tokens)) {
            throw new IllegalArgumentException("it pins tokens that it has not");
        }
        return pinned;
    }

    private static int number(SessionManifest manifest, String key, int otherwise) {
        String text = manifest.texts().get(key);
        if (text != null && !text.matches("\\d{1,10}")) {
            throw new IllegalArgumentException("'" + key + "' is no number");
        }
        return text == null ? otherwise : (int) Math.min(Integer.MAX_VALUE, Long.parseLong(text));
    }

    private static void fill(HostSession session, SessionReader from, BatchLog computed, PinnedSpans pinned,
            int... ids) throws IOException {
        KvImport kv = new KvImport(session.kv(), from);
        remember(session, from, ids.length);
        session.kv().setPinned(pinned);
        note(session, computed, ids);
        DigestWriter digests = session.digests();
        kv.run(layer -> {
            // Not saved: computing them again takes about as long as reading the blocks, nothing beside a prefill. The file
            // is a seventh smaller for it, and holds nothing that could contradict the blocks.
            if (digests != null) {
                digests.update(layer);
            }
        });
        session.kv().lock().lock();
        try {
            session.stepDone(ids.length, 0);
            session.reuse(ids.length);
        } finally {
            session.kv().lock().unlock();
        }
    }

    /**
     * Says which tokens came together, so that they can be deleted and computed again where the caps need that: before any
     * is there, for what needed that when it was saved does so while it grows.
     */
    private static void note(HostSession session, BatchLog computed, int... ids) {
        if (session.kv().layout().format() != KvFormat.INT8) {
            return;
        }
        int[] bounds = computed.bounds();
        session.kv().lock().lock();
        try {
            for (int i = 0; i < bounds.length; i += 2) {
                session.kv().notePrompt(bounds[i], Arrays.copyOfRange(ids, bounds[i], bounds[i + 1]));
            }
        } finally {
            session.kv().lock().unlock();
        }
    }

    private static void remember(HostSession session, SessionReader from, int tokens) throws IOException {
        SparseSession sparse = session.sparse();
        if (sparse == null) {
            return;
        }
        int perLayer = from.manifest().policyRows();
        List<float[]> rows = from.policyRows(from.policyLengths());
        for (int layer = 0; layer < session.kv().layerCount(); layer++) {
            sparse.remember(layer, rows.subList(layer * perLayer, (layer + 1) * perLayer).stream()
                    .filter(row -> row.length > 0).toList(), tokens);
        }
    }
}
