package io.alisa.host.jlama;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.CausalSelfAttention;
import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.model.ModelSupport.ModelType;
import com.github.tjake.jlama.model.TransformerBlock;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.KvBufferCache.KvBuffer;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import io.alisa.attention.Kernels;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.device.DeviceTier;
import io.alisa.host.Binding;
import io.alisa.host.HostHooks;
import io.alisa.host.HostSession;
import io.alisa.host.ModelShape;
import io.alisa.host.PrefixRule;
import io.alisa.host.PrefixScope;
import io.alisa.host.ProcessDevice;
import io.alisa.host.ProcessMemory;
import io.alisa.host.SessionMode;
import io.alisa.host.Sessions;
import io.alisa.memory.NativeAccess;
import io.alisa.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a Jlama: decides which sessions are ours and leads each call to where it is worked on.
 *
 * <p>A session is ours from its first position or never. Once it is, a failure is thrown: the host's own attention
 * would find nothing in its cache and say something wrong.
 */
public final class JlamaHost implements HostHooks {
    private static final Logger LOGGER = LoggerFactory.getLogger("io.alisa");

    /** Tokens of the batches that the host cuts prompts into: its own setting. */
    private static final int BATCH = Integer.getInteger("jlama.max_batch_size", 256);

    private final Sessions sessions = Sessions.ofProcess();
    private final SystemPrompts systemPrompts = new SystemPrompts();
    private final WholeConversations wholeConversations = new WholeConversations();
    private final Conversations conversations = new Conversations(sessions, new Opener());
    /** As large as the host's own pool; null until a session opens, for to ask that makes its size final. */
    private volatile @Nullable WorkerTeam team;
    private final Kernels kernels;
    private volatile Configuration configuration;
    private final JlamaSaves saves = new JlamaSaves(sessions, this::open);
    private final Set<String> leftAlone = ConcurrentHashMap.newKeySet();
    private final Set<String> warned = ConcurrentHashMap.newKeySet();

    /** Called by the agent, by name, once per host. */
    public JlamaHost(Configuration configuration) {
        this.configuration = configuration;
        NativeAccess.require();
        kernels = Kernels.choose(configuration.text(Setting.BACKEND));
        warn(configuration);
        if (kernels.remedy() != null) {
            LOGGER.warn("{}", kernels.remedy());
        }
        LOGGER.info("{}", summary(configuration));
    }

    @Override
    public String describe() {
        WorkerTeam threads = team;
        String remedy = kernels.remedy(); // nobody may have read the log
        return summary(Configuration.ofProcess()) + (threads == null ? "" : ", " + threads.size() + " threads") + "; "
                + ProcessMemory.describe(configuration) + "; "
                + ProcessDevice.ofProcess().describe(configuration)
                + (remedy == null ? "" : "\nwarning: " + remedy);
    }

    /** Without what must be looked up in the machine: that would take from the start of an application. */
    private String summary(Configuration settings) {
        return "ALISA serves Jlama: " + mode(settings) + ", " + kernels.kernels().name() + " kernels";
    }

    /** The mode of a session that would open now. */
    private static String mode(Configuration settings) {
        SessionMode mode = SessionMode.of(settings, KvFormat.F32);
        return mode.exact() ? "exact mode" : mode.describe();
    }

    @Override
    public @Nullable Object attend(Object attention, Object input, int startPosition, Object kvBuffer,
            Object reducer) {
        CausalSelfAttention layer = (CausalSelfAttention) attention;
        Binding binding = sessions.find(kvBuffer);
        if (binding == null) {
            return null;
        }
        JlamaSession session = (JlamaSession) binding.session();
        if (session == null) {
            session = open(binding, layer, startPosition);
            if (session == null) {
                return null;
            }
        }
        if (session.kv().lock().isHeldByCurrentThread()) {
            return session.recomputer().attend(layer, (AbstractTensor<?, ?>) input, startPosition);
        }
        session.kv().claimShare(((AbstractTensor<?, ?>) input).shape().first());
        session.kv().lock().lock();
        session.recomputer().enter(JlamaAccess.model(layer), (KvBuffer) kvBuffer);
        try {
            int index = JlamaAccess.layerIndex(layer);
            int batch = ((AbstractTensor<?, ?>) input).shape().first();
            session.kv().layer(index).resize(startPosition, startPosition + batch);
            if (index == 0) {
                session.promptUntil(binding.promptEnd());
                notePrompt(session, binding, startPosition, batch);
            }
            return attendOurs(session, layer, (AbstractTensor<?, ?>) input, startPosition, reducer);
        } finally {
            session.recomputer().leave();
            session.kv().lock().unlock();
        }
    }

    /** Keeps the ids of a batch, so that it can be deleted and computed again. */
    private static void notePrompt(JlamaSession session, Binding binding, int start, int batch) {
        int end = start + batch;
        if (batch > 1 && session.kv().layout().format() == KvFormat.INT8 && binding.tokens().size() >= end) {
            session.kv().notePrompt(start, binding.tokens().range(start, end));
        }
    }

    private @Nullable JlamaSession open(Binding binding, CausalSelfAttention layer, int startPosition) {
        if (binding.isHostsOwn()) {
            return null;
        }
        if (startPosition > 0 && (binding.tokens().size() > 0 || binding.wasServed())) {
            throw new IllegalStateException("This session was closed and can't go on at position " + startPosition
                    + ", " + binding.tokens().size()
                    + " of its tokens are known: begin at position 0 or use a new session");
        }
        boolean midway = JlamaAccess.layerIndex(layer) > 0;
        if (midway && binding.wasServed()) {
            throw new IllegalStateException(
                    "This session was closed in the middle of a step: begin again at position 0");
        }
        ModelShape shape = startPosition > 0 || midway ? null : JlamaShape.of(layer);
        if (shape == null) {
            binding.leaveToHost();
            noteLeftAlone(layer, startPosition);
            return null;
        }
        SessionMode mode = mode(binding, currentConfiguration(), shape.format());
        AbstractModel model = JlamaAccess.model(layer);
        JlamaSession session = open(shape, mode, model);
        boolean opened = false;
        try {
            sessions.open(binding, model, session);
            opened = true;
            return session;
        } finally {
            if (!opened) {
                session.close(); // nobody else knows of it
            }
        }
    }

    private JlamaSession open(ModelShape shape, SessionMode mode, AbstractModel model) {
        Configuration current = currentConfiguration();
        JlamaSession session = new JlamaSession(this, shape, mode, memory(mode, current), model, kernels.kernels(),
                team(), objection(current, model));
        boolean opened = false;
        try {
            useDevice(session, current);
            opened = true;
            return session;
        } finally {
            if (!opened) {
                session.close();
            }
        }
    }

    private WorkerTeam team() {
        WorkerTeam existing = team;
        if (existing == null) {
            existing = WorkerTeam.shared(PhysicalCoreExecutor.instance.get().getCoreCount());
            team = existing;
        }
        return existing;
    }

    /** As it was saved, where it was; else as the settings say. */
    private static SessionMode mode(Binding binding, Configuration current, KvFormat format) {
        SessionMode saved = binding.mode();
        return saved == null ? SessionMode.of(current, format) : saved;
    }

    private static KvMemory memory(SessionMode mode, Configuration configuration) {
        return mode.format() == KvFormat.INT8 ? ProcessMemory.of(configuration) : ProcessMemory.fastOnly(configuration);
    }

    private void useDevice(JlamaSession session, Configuration current) {
        if (session.mode().format() == KvFormat.INT8) {
            DeviceTier tier = ProcessDevice.ofProcess().tier(current, JlamaHost.class.getClassLoader(), LOGGER::warn);
            if (tier != null) {
                session.useDevice(tier);
            }
        } else if (current.text(Setting.BACKEND).equals("cuda") && warned.add("exact")) {
            LOGGER.warn("{}=cuda serves INT8 only: set {}=int8", Setting.BACKEND.key(), Setting.KV_TYPE.key());
        }
    }

    /** Why the session's tokens can't be computed again once they are deleted; null where they can. */
    private static @Nullable String objection(Configuration configuration, AbstractModel model) {
        if (configuration.text(Setting.RECOMPUTE).equals("off")) {
            return Setting.RECOMPUTE.key() + " is off";
        }
        return model.getConfig().dctx().hasModelShard() ? "only a part of the model is here" : null;
    }

    /** The settings in force now: an application may change the properties of its next session. */
    private Configuration currentConfiguration() {
        Configuration current = Configuration.ofProcess();
        configuration = current;
        warn(current);
        return current;
    }

    /** Says once what is wrong with the settings. */
    private void warn(Configuration configuration) {
        for (String warning : configuration.warnings()) {
            if (warned.add(warning)) {
                LOGGER.warn(warning);
            }
        }
    }

    private void noteLeftAlone(CausalSelfAttention layer, int startPosition) {
        AbstractModel model = JlamaAccess.model(layer);
        String reason = startPosition > 0 || JlamaAccess.layerIndex(layer) > 0
                ? "it does not begin at the first layer's position 0"
                : JlamaShape.isEncoder(model)
                        ? "it is an encoder"
                        : "its KV type " + model.getWorkingDType() + " or its split is not one we serve";
        if (leftAlone.add(model.getModelType() + reason)) {
            String left = "A " + model.getModelType() + " session is left to the host: " + reason;
            if (startPosition > 0) { // in page files, say; what another process did with the plugin is in none
                LOGGER.warn("{}: what stands before it must be in the host's own cache", left);
            } else {
                LOGGER.info(left);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private AbstractTensor<?, ?> attendOurs(JlamaSession session, CausalSelfAttention layer,
            AbstractTensor<?, ?> input, int startPosition, Object reducer) {
        int index = JlamaAccess.layerIndex(layer);
        int batch = input.shape().first();
        LayerWork work = session.work(JlamaAccess.model(layer), batch);
        AttentionLayer.project(session, layer, input, work);
        if (session.kv().layout().format() != KvFormat.BF16) {
            session.attention().run(index, work, startPosition);
        } else {
            HostArithmetic.run(session, JlamaAccess.model(layer), session.kv().layer(index), work,
                    startPosition);
        }
        if (index == session.kv().layerCount() - 1) {
            session.stepDone(startPosition + batch, batch);
        }
        return AttentionLayer.projectOutput(session, layer, work,
                (Optional<Consumer<List<AbstractTensor<?, ?>>>>) reducer);
    }

    /** The host's own loop, see {@link ModelTurns}. */
    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public @Nullable Object forward(Object model, Object embedding, int startPosition, Object kvBuffer,
            Object reducer) {
        AbstractModel host = (AbstractModel) model;
        TransformerBlock[] blocks = JlamaAccess.blocks(host);
        if (blocks == null || JlamaShape.isEncoder(host)) {
            return null;
        }
        DistributedContext context = host.getConfig().dctx();
        Binding binding = sessions.find(kvBuffer);
        HostSession session = binding == null ? null : binding.session();
        return ModelTurns.take(blocks, session == null ? null : session.kv(), () -> {
            AbstractTensor hidden = (AbstractTensor) embedding;
            for (int i = 0; i < context.layerEnd - context.layerStart; i++) {
                AbstractTensor before = hidden;
                hidden = blocks[i].forward(before, startPosition, (KvBuffer) kvBuffer,
                        (Optional<Consumer<List<AbstractTensor>>>) reducer);
                before.close();
            }
            return hidden;
        });
    }

    @Override
    public @Nullable Object execute(Object executor, Object loop) {
        return ParallelLoops.run((PhysicalCoreExecutor) executor, (Runnable) loop) ? executor : null;
    }

    @Override
    public void created(Object kvBuffer) {
        saves.created((KvBuffer) kvBuffer);
    }

    @Override
    public boolean save(UUID session, Path file) throws IOException {
        return saves.save(session, file);
    }

    @Override
    public UUID restore(Object model, Path file) throws IOException {
        AbstractModel host = (AbstractModel) model;
        // Woven calls hold this adapter, from the first on that runs. Here an application may ask before any has, and what
        // it restores must not go with an adapter that nobody holds.
        new KvBufferCache(host).getEphemeralKvBuffer().close();
        return saves.restore(host, file);
    }

    @Override
    public void begin(Object kvBuffer) {
        conversations.begin((KvBuffer) kvBuffer, PromptCaller.now(), wholeConversations.takeEncoded());
    }

    @Override
    public void closed(Object kvBuffer) {
        conversations.closed((KvBuffer) kvBuffer);
    }

    @Override
    public void modelClosed(Object model) {
        sessions.kept().modelClosed(model);
    }

    @Override
    public @Nullable Object prompt(Object model, int[] tokens, int startPosition, Object kvBuffer, Object reducer) {
        return conversations.prompt((AbstractModel) model, tokens, startPosition, (KvBuffer) kvBuffer, reducer);
    }

    @Override
    public void token(Object model, int token, int position, Object kvBuffer, Object reducer) {
        conversations.token((AbstractModel) model, token, position, (KvBuffer) kvBuffer, reducer);
    }

    @Override
    public void systemMessage(Object prompt, Object text) {
        wholeConversations.told(prompt);
        if (text instanceof String message && !message.isBlank()) {
            systemPrompts.said(message);
        }
    }

    @Override
    public void assistantMessage(Object prompt, Object answer) {
        wholeConversations.told(prompt);
    }

    @Override
    public void built(Object prompt, Object context) {
        wholeConversations.built(prompt, (PromptContext) context);
    }

    @Override
    public void encode(Object tokenizer, Object text) {
        wholeConversations.encode(text);
    }

    @Override
    public void sampled(Object model, int token) {
        conversations.sampled(token);
    }

    /** Sessions that begin with what others have, by the settings as they are now. */
    private final class Opener implements Conversations.Opener {
        @Override
        public PrefixScope scope() {
            return PrefixScope.of(currentConfiguration());
        }

        @Override
        public @Nullable PrefixRule rule(AbstractModel model, Binding binding) {
            KvFormat format = JlamaShape.format(model.getWorkingDType());
            return format == null
                    ? null
                    : new PrefixRule(mode(binding, currentConfiguration(), format), BATCH,
                            HostOrder.isOfAnyBatch(model),
                            model.getModelType() == ModelType.MIXTRAL);
        }

        @Override
        public @Nullable HostSession fork(AbstractModel model, HostSession parent, int tokens) {
            JlamaSession session = JlamaHost.this.open(parent.shape(), parent.mode(), model);
            boolean taken = false;
            try {
                taken = session.kv().inherit(parent.kv(), tokens);
                return taken ? session : null;
            } finally {
                if (!taken) {
                    session.close();
                }
            }
        }

        /** In exact mode everything is attended, and nothing deleted. */
        @Override
        public void pin(Binding binding, AbstractModel model, int start, int... prompt) {
            HostSession open = binding.session();
            SessionMode mode = open == null ? mode(binding, Configuration.ofProcess(), KvFormat.F32) : open.mode();
            if (!mode.exact()) {
                systemPrompts.pin(binding, model.getTokenizer(), start, prompt);
            }
        }

        @Override
        public boolean mayComeBack(KvBuffer kvBuffer) {
            return !JlamaAccess.isEphemeral(kvBuffer);
        }
    }
}
