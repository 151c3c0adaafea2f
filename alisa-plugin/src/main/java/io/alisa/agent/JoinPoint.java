package io.alisa.agent;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/**
 * The few places where we enter the host. Everything woven is in this table; only bodies of methods change.
 *
 * <p>A call is put in front of the body, or behind a constructor's. It hands over {@code this} and the arguments as
 * JDK types. Where the hook returns something that is not null, the host's body is skipped and that is returned. Or it is
 * put before each return, and hands over {@code this} and what is returned.
 */
enum JoinPoint {
    /** Attention of one layer: ours instead of the host's. */
    ATTENTION("com/github/tjake/jlama/model/CausalSelfAttention", "forward",
            "(Lcom/github/tjake/jlama/tensor/AbstractTensor;ILcom/github/tjake/jlama/tensor/KvBufferCache$KvBuffer;"
                    + "Ljava/util/Optional;)Lcom/github/tjake/jlama/tensor/AbstractTensor;",
            "attend"),
    /** All layers of one step: one step of a model at a time. */
    FORWARD("com/github/tjake/jlama/model/AbstractModel", "forward",
            "(Lcom/github/tjake/jlama/tensor/AbstractTensor;ILcom/github/tjake/jlama/tensor/KvBufferCache$KvBuffer;"
                    + "Ljava/util/Optional;)Lcom/github/tjake/jlama/tensor/AbstractTensor;",
            "forward"),
    /** A parallel loop of the host: ours where its caller would do other things while it waits. */
    LOOP("com/github/tjake/jlama/util/PhysicalCoreExecutor", "execute", "(Ljava/lang/Runnable;)V", "execute"),
    /** Token ids of a prompt; ours where a part of it is known already. */
    PROMPT("com/github/tjake/jlama/model/AbstractModel", "batchForward",
            "([IILcom/github/tjake/jlama/tensor/KvBufferCache$KvBuffer;Ljava/util/Optional;)"
                    + "Lcom/github/tjake/jlama/tensor/AbstractTensor;",
            "prompt"),
    /** {@code generate} asks where the prompt is to begin: nothing else asks that. */
    BEGIN("com/github/tjake/jlama/tensor/KvBufferCache$KvBuffer", "getCurrentContextPosition", "()I", "begin"),
    /** The token that was chosen, which a reply's last one is never fed. */
    SAMPLED("com/github/tjake/jlama/model/AbstractModel", "sample",
            "(Lcom/github/tjake/jlama/tensor/AbstractTensor;FFLcom/github/tjake/jlama/tensor/AbstractTensor;)I",
            "sampled"),
    /** The token id of a decode step. */
    TOKEN("com/github/tjake/jlama/model/AbstractModel", "forward",
            "(IILcom/github/tjake/jlama/tensor/KvBufferCache$KvBuffer;Ljava/util/Optional;)"
                    + "Lcom/github/tjake/jlama/tensor/AbstractTensor;",
            "token"),
    /** A prompt is being built with a system message. */
    SYSTEM_MESSAGE("com/github/tjake/jlama/safetensors/prompt/PromptSupport$Builder", "addSystemMessage",
            "(Ljava/lang/String;)Lcom/github/tjake/jlama/safetensors/prompt/PromptSupport$Builder;", "systemMessage"),
    /** A prompt is being built with something that was answered before. */
    ASSISTANT_MESSAGE("com/github/tjake/jlama/safetensors/prompt/PromptSupport$Builder", "addAssistantMessage",
            "(Ljava/lang/String;)Lcom/github/tjake/jlama/safetensors/prompt/PromptSupport$Builder;",
            "assistantMessage"),
    /** A prompt is being built with a tool that the model called before. */
    TOOL_CALL("com/github/tjake/jlama/safetensors/prompt/PromptSupport$Builder", "addToolCall",
            "(Lcom/github/tjake/jlama/safetensors/prompt/ToolCall;)"
                    + "Lcom/github/tjake/jlama/safetensors/prompt/PromptSupport$Builder;",
            "assistantMessage"),
    /** A prompt was built. */
    BUILT("com/github/tjake/jlama/safetensors/prompt/PromptSupport$Builder", "build",
            "(Ljava/util/Optional;)Lcom/github/tjake/jlama/safetensors/prompt/PromptContext;", "built"),
    /** A text becomes token ids: the first thing {@code generate} does. */
    ENCODE("com/github/tjake/jlama/safetensors/tokenizer/BPETokenizer", "encode", "(Ljava/lang/String;)[J", "encode"),
    /** A session's cache object is made. */
    CREATED("com/github/tjake/jlama/tensor/KvBufferCache$KvBuffer", "<init>",
            "(Lcom/github/tjake/jlama/tensor/KvBufferCache;Ljava/util/UUID;IZ)V", "created"),
    /** A session's cache object is closed. */
    CLOSED("com/github/tjake/jlama/tensor/KvBufferCache$KvBuffer", "close", "()V", "closed"),
    /** A model is closed, and with it all its sessions. */
    MODEL_CLOSED("com/github/tjake/jlama/model/AbstractModel", "close", "()V", "modelClosed");

    private static final String HOST = "com/github/tjake/jlama/";
    private static final JoinPoint[] ALL = values();

    private final String owner;
    private final String method;
    private final String descriptor;
    private final String hook;

    JoinPoint(String owner, String method, String descriptor, String hook) {
        this.owner = owner;
        this.method = method;
        this.descriptor = descriptor;
        this.hook = hook;
    }

    /** Whether a call is put into the class of this internal name. Asked for every class that is loaded. */
    static boolean isOwner(String internalName) {
        if (internalName.startsWith(HOST)) {
            for (JoinPoint point : ALL) {
                if (point.owner.equals(internalName)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Internal name of the host's class. */
    String owner() {
        return owner;
    }

    String method() {
        return method;
    }

    MethodTypeDesc type() {
        return MethodTypeDesc.ofDescriptor(descriptor);
    }

    String descriptor() {
        return descriptor;
    }

    /** Method of {@link io.alisa.host.HostHooks} that is called. */
    String hook() {
        return hook;
    }

    boolean isConstructor() {
        return method.equals("<init>");
    }

    /** Whether the hook's result replaces the body's. */
    boolean replaces() {
        return this == ATTENTION || this == FORWARD || this == LOOP || this == PROMPT;
    }

    /** Whether the hook is told what the body returns. */
    boolean tellsResult() {
        return this == SAMPLED || this == BUILT;
    }

    /** The hook's type as the woven call sees it: host types become {@code Object}. */
    MethodTypeDesc hookType() {
        List<ClassDesc> parameters = new ArrayList<>();
        parameters.add(ConstantDescs.CD_Object);
        if (tellsResult()) {
            parameters.add(seen(type().returnType()));
        } else if (!isConstructor()) {
            for (ClassDesc parameter : type().parameterList()) {
                parameters.add(seen(parameter));
            }
        }
        return MethodTypeDesc.of(replaces() ? ConstantDescs.CD_Object : ConstantDescs.CD_void, parameters);
    }

    private static ClassDesc seen(ClassDesc type) {
        return type.isPrimitive() || type.isArray() ? type : ConstantDescs.CD_Object;
    }
}
