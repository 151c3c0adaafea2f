package io.alisa.host.jlama;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import io.alisa.host.Binding;
import io.alisa.host.HostSession;
import io.alisa.host.PendingToken;
import io.alisa.host.PrefixRule;
import io.alisa.host.PrefixScope;
import io.alisa.host.Sessions;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a conversation from one call of the host to the next: it goes on where it ended, and what is known of its
 * beginning is not computed again.
 *
 * <p>The host's {@code generate} begins every prompt with the token that marks the beginning of a text, where the model has
 * one, never feeds the last token of a reply, and counts only the tokens that it generated. Here a prompt that goes on says
 * neither more nor less than one long prompt would: the reply's last token comes first, the mark does not come again.
 *
 * <p>Only {@code generate} is helped along so: it wants nothing but the last row of a prompt's output. Whoever calls
 * {@code batchForward} gets all rows of the last batch, computed from the tokens he gave.
 */
final class Conversations {
    /** Whose step this thread did last: the token it chooses next is that one's. */
    private static final ThreadLocal<@Nullable WeakReference<Binding>> STEPPING = new ThreadLocal<>();
    /** Where this thread waited for its turn in vain: its closing the cache object is not to end another's reply. */
    private static final ThreadLocal<@Nullable WeakReference<Binding>> UNHEARD = new ThreadLocal<>();

    private final Sessions sessions;
    private final Opener opener;

    /** Opens sessions by the settings as they are. */
    interface Opener {
        /** Whose KV a session may begin with: asked once for a prompt, since it may change at any time. */
        PrefixScope scope();

        /** How much of it; null where the model's sessions are not served. */
        @Nullable
        PrefixRule rule(AbstractModel model, Binding binding);

        /** A session that begins with the first tokens of another one; null where that is not possible. */
        @Nullable
        HostSession fork(AbstractModel model, HostSession parent, int tokens);

        /** Pins what must always be attended of a prompt. */
        void pin(Binding binding, AbstractModel model, int start, int... prompt);

        /** Whether the host means to come back to what a closed session holds. */
        boolean mayComeBack(KvBuffer kvBuffer);
    }

    Conversations(Sessions sessions, Opener opener) {
        this.sessions = sessions;
        this.opener = opener;
    }

    /**
     * Somebody asks where a prompt is to begin: {@code generate}, or who feeds tokens himself. The former waits here until no
     * other thread generates under the same id; it closes the cache object whatever becomes of it, which ends its turn if it
     * got one.
     *
     * @param whole whether the prompt tells the conversation from its beginning
     */
    void begin(KvBuffer kvBuffer, PromptCaller caller, boolean whole) {
        Binding binding = sessions.find(kvBuffer);
        if (binding != null && caller != PromptCaller.OTHER && !binding.isHostsOwn()) {
            speak(binding);
            if (!binding.isHostsOwn()) { // not meanwhile either
                begin(binding, kvBuffer, caller, whole);
            }
        }
    }

    private static void speak(Binding binding) {
        UNHEARD.set(binding.reference());
        binding.speak();
        UNHEARD.set(null);
    }

    private void begin(Binding binding, KvBuffer kvBuffer, PromptCaller caller, boolean whole) {
        boolean alone = caller == PromptCaller.GENERATE_ALONE;
        if (whole || alone) {
            kvBuffer.setCurrentContextPosition(0); // what the session had is taken over as far as it begins alike
        }
        if (alone) {
            dropUnshared(binding, opener.scope());
        }
    }

    /** All users of such a client have one id: what it had may be another one's. */
    private void dropUnshared(Binding binding, PrefixScope scope) {
        if (scope != PrefixScope.MODEL) {
            sessions.goOn(binding, 0);
            settleLeft(binding, scope);
        }
    }

    /** A prompt comes. Returns the output of its last batch where it was computed here; null: the host is to do it. */
    @Nullable
    Object prompt(AbstractModel model, int[] tokens, int start, KvBuffer kvBuffer, Object reducer) {
        Binding binding = sessions.find(kvBuffer);
        if (binding == null) {
            return null;
        }
        binding.promptUntil(start + tokens.length);
        if (binding.isReplaying()) {
            return null;
        }
        STEPPING.set(binding.reference());
        if (!binding.takeAsked() || binding.isHostsOwn()) {
            reach(binding, model, start, kvBuffer, reducer);
            binding.promptUntil(start + tokens.length); // a prompt that was computed again ended before
            binding.record(start, tokens);
            return null;
        }
        PrefixScope scope = opener.scope();
        sessions.comeBack(binding, start);
        binding.pending().setMarked(JlamaAccess.addsBeginning(model));
        Prompt said = goOn(binding, tokens, start);
        boolean open = sessions.goOn(binding, said.start());
        int known = binding.tokens().size();
        binding.recordAsked(said.start(), said.ids()); // these are forgotten if that fails, not what was said before
        Prompt prompt = open || said.start() == 0 || known < said.start()
                ? said
                : said.after(binding.tokens().first(said.start()));
        int have = prompt.start();
        if (!open && have == 0) {
            have = openWithPrefix(binding, model, prompt.ids(), scope);
        }
        settleLeft(binding, scope);
        opener.pin(binding, model, prompt.start(), prompt.ids());
        return have == start && Arrays.equals(prompt.ids(), tokens)
                ? null
                : run(binding, model, prompt.from(have), have, kvBuffer, reducer);
    }

    private int openWithPrefix(Binding binding, AbstractModel model, int[] ids, PrefixScope scope) {
        PrefixRule rule = scope == PrefixScope.OFF ? null : opener.rule(model, binding);
        return rule == null
                ? 0
                : sessions.openWith(binding, model, ids, rule, scope == PrefixScope.MODEL,
                        (parent, tokens) -> opener.fork(model, parent, tokens));
    }

    private void settleLeft(Binding binding, PrefixScope scope) {
        if (binding.left() != null) {
            sessions.settleLeft(binding, scope == PrefixScope.MODEL);
        }
    }

    /** The prompt as it follows on what was said before, where it does. */
    private static Prompt goOn(Binding binding, int[] tokens, int start) {
        int known = binding.tokens().size();
        if (known == 0 || start != binding.pending().next(known)) {
            return new Prompt(start, tokens);
        }
        PendingToken pending = binding.pending();
        Prompt said = new Prompt(0, tokens);
        if (pending.isMarked()) {
            said = new Prompt(1, said.from(1));
        }
        said = pending.isAt(known) ? said.after(pending.token()) : said;
        return new Prompt(known, said.ids());
    }

    /** One token to decode comes. */
    void token(AbstractModel model, int token, int position, KvBuffer kvBuffer, Object reducer) {
        Binding binding = sessions.find(kvBuffer);
        if (binding != null && !binding.isReplaying()) {
            STEPPING.set(binding.reference());
            binding.takeAsked();
            reach(binding, model, position, kvBuffer, reducer);
            binding.promptUntil(position);
            binding.recordOne(position, token);
        }
    }

    /** A token was chosen. */
    void sampled(int token) {
        WeakReference<Binding> reference = STEPPING.get();
        Binding binding = reference == null ? null : reference.get();
        if (binding != null) {
            STEPPING.set(null);
            binding.chosen(token);
        }
    }

    /** Sees to it that a session can go on at a position: one that is not kept any more is computed again from its ids. */
    private void reach(Binding binding, AbstractModel model, int position, KvBuffer kvBuffer, Object reducer) {
        sessions.comeBack(binding, position);
        if (binding.isHostsOwn() || sessions.goOn(binding, position)) {
            return;
        }
        settleLeft(binding, opener.scope());
        if (position > 0 && binding.tokens().size() >= position) {
            binding.beginAgain();
            run(binding, model, binding.tokens().first(position), 0, kvBuffer, reducer).close();
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static AbstractTensor<?, ?> run(Binding binding, AbstractModel model, int[] ids, int start,
            KvBuffer kvBuffer,
            Object reducer) {
        binding.setReplaying(true);
        try {
            return model.batchForward(ids, start, kvBuffer, (Optional<Consumer<List<AbstractTensor>>>) reducer);
        } finally {
            binding.setReplaying(false);
        }
    }

    /** The host's buffer is closed: its session ends for now, and the host is told where it goes on. */
    void closed(KvBuffer kvBuffer) {
        Binding binding = sessions.find(kvBuffer);
        if (binding == null || wasUnheard(binding)) {
            return;
        }
        try {
            end(binding, kvBuffer);
        } finally {
            binding.silent(); // whatever fails: others may be waiting to generate here
        }
    }

    private static boolean wasUnheard(Binding binding) {
        WeakReference<Binding> unheard = UNHEARD.get();
        if (unheard == null || !unheard.refersTo(binding)) {
            return false;
        }
        UNHEARD.set(null);
        return true;
    }

    private void end(Binding binding, KvBuffer kvBuffer) {
        HostSession session = binding.session();
        boolean failed = binding.forgetFailedStep();
        int known = binding.tokens().size();
        // Before anything is closed, which may fail: where it goes on depends on the ids alone. Where some were forgotten, the
        // host must not believe that the next prompt is the first.
        if (session != null || (failed && binding.tokens().forgotten() == 0)) {
            int unknown = session == null ? 0 : session.tokens();
            kvBuffer.setCurrentContextPosition(known == 0 ? unknown : binding.pending().next(known));
        }
        sessions.close(binding, session != null && known > 0 && opener.mayComeBack(kvBuffer)
                && opener.scope() != PrefixScope.OFF);
    }
}
