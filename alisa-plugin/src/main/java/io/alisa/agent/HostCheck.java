package io.alisa.agent;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * Checks a host before anything is touched.
 *
 * <p>What must be there is not a second list to keep: it is read from our own adapter's class files, every host
 * class, field and method they refer to, plus the join points and the members opened by name. One that is missing
 * is one difference; any difference means that this host stays as it is.
 */
public final class HostCheck {
    private static final String HOST = "com/github/tjake/jlama/";

    /** Members the adapter opens by name, see {@code JlamaAccess}. */
    private static final List<String> OPENED = List.of(
            "model/CausalSelfAttention m L" + HOST + "model/AbstractModel;",
            "model/CausalSelfAttention c L" + HOST + "safetensors/Config;",
            "model/CausalSelfAttention layerIndex I",
            "model/CausalSelfAttention dctx L" + HOST + "model/DistributedContext;",
            "model/CausalSelfAttention queryAttnBias Ljava/util/Optional;",
            "model/CausalSelfAttention keyAttnBias Ljava/util/Optional;",
            "model/CausalSelfAttention valueAttnBias Ljava/util/Optional;",
            "model/CausalSelfAttention outputProjectionBias Ljava/util/Optional;",
            "model/CausalSelfAttention queryAttnWeights L" + HOST + "tensor/AbstractTensor;",
            "model/CausalSelfAttention keyAttnWeights L" + HOST + "tensor/AbstractTensor;",
            "model/CausalSelfAttention valueAttnWeights L" + HOST + "tensor/AbstractTensor;",
            "model/CausalSelfAttention outputProjectionWeights L" + HOST + "tensor/AbstractTensor;",
            "model/CausalSelfAttention attentionScale F", "model/CausalSelfAttention attentionLength I",
            "model/AbstractModel transformerBlocks [L" + HOST + "model/TransformerBlock;",
            "model/AbstractModel embedInput L" + HOST + "model/functions/EmbedInput;",
            "model/AbstractModel modelDType L" + HOST + "safetensors/DType;",
            "model/AbstractModel workingQType L" + HOST + "safetensors/DType;",
            "model/AbstractModel modelQType Ljava/util/Optional;",
            "model/TransformerBlock attention L" + HOST + "model/CausalSelfAttention;",
            "tensor/KvBufferCache$KvBuffer this$0 L" + HOST + "tensor/KvBufferCache;",
            "tensor/KvBufferCache model L" + HOST + "model/AbstractModel;",
            "model/AbstractModel addBosToken ()Z", "tensor/KvBufferCache$KvBuffer ephemeral Z",
            "tensor/KvBufferCache$KvBuffer session Ljava/util/UUID;",
            "model/AbstractModel maybeQuantize (L" + HOST + "tensor/AbstractTensor;)L" + HOST
                    + "tensor/AbstractTensor;",
            "util/PhysicalCoreExecutor pool Ljava/util/concurrent/ForkJoinPool;");

    private final HostClasses host;
    private final HostClasses adapter;
    private final List<String> differences = new ArrayList<>();
    private final Set<String> checked = new HashSet<>();

    private HostCheck(HostClasses host, HostClasses adapter) {
        this.host = host;
        this.adapter = adapter;
    }

    /**
     * What is different from the host we know, {@code expected ..., found ...} each; empty when nothing is. Reads
     * class files, loads none.
     *
     * @param host opens a file of the host by its path, or returns null
     */
    public static List<String> differences(Function<String, @Nullable InputStream> host) {
        ClassLoader ours = HostCheck.class.getClassLoader();
        return differences(new HostClasses(host), new HostClasses(ours::getResourceAsStream));
    }

    /** As above, for class files from anywhere. */
    static List<String> differences(HostClasses host, HostClasses adapter) {
        HostCheck check = new HostCheck(host, adapter);
        for (JoinPoint point : JoinPoint.values()) {
            check.body(point);
        }
        for (String opened : OPENED) {
            String[] parts = opened.split(" ", 3);
            check.member(HOST + parts[0], parts[1], parts[2]);
        }
        check.adapter(AdapterLoader.ADAPTER.replace('.', '/'));
        return check.differences;
    }

    /** Follows the adapter's classes from its entry on and checks every host member they name. */
    private void adapter(String entry) {
        String ours = AdapterLoader.ADAPTER_PACKAGE.replace('.', '/');
        Deque<String> open = new ArrayDeque<>(List.of(entry));
        Set<String> seen = new HashSet<>(open);
        while (!open.isEmpty()) {
            ClassModel model = adapter.find(open.pop());
            if (model == null) {
                throw new IllegalStateException("The plugin jar is incomplete: build or download it again");
            }
            for (PoolEntry constant : model.constantPool()) {
                if (constant instanceof ClassEntry type && type.asInternalName().startsWith(ours)
                        && seen.add(type.asInternalName())) {
                    open.push(type.asInternalName());
                } else if (constant instanceof MemberRefEntry member
                        && member.owner().asInternalName().startsWith(HOST)) {
                    member(member.owner().asInternalName(), member.name().stringValue(),
                            member.type().stringValue());
                }
            }
        }
    }

    /** A join point's method must have a body in that very class, an inherited one can't be woven, and a {@code this}. */
    private void body(JoinPoint point) {
        check(point.owner(), point.method(), point.descriptor(),
                (type, name, descriptor) -> Weaver.canWeave(type, point));
    }

    private void member(String owner, String name, String descriptor) {
        check(owner, name, descriptor, this::has);
    }

    private interface Presence {
        boolean test(ClassModel type, String name, String descriptor);
    }

    private void check(String owner, String name, String descriptor, Presence presence) {
        if (!checked.add(owner + name + descriptor)) {
            return;
        }
        String shortOwner = owner.substring(owner.lastIndexOf('/') + 1);
        ClassModel model = host.find(owner);
        if (model == null) {
            differences.add("expected class " + owner.replace('/', '.') + ", found none");
        } else if (!presence.test(model, name, descriptor)) {
            differences.add("expected " + shortOwner + "." + name + " " + descriptor + ", found "
                    + ofThatName(model, name, shortOwner));
        }
    }

    private static boolean declares(ClassModel type, String name, String descriptor) {
        return type.fields().stream()
                .anyMatch(f -> f.fieldName().equalsString(name) && f.fieldType().equalsString(descriptor))
                || type.methods().stream()
                        .anyMatch(m -> m.methodName().equalsString(name)
                                && m.methodType().equalsString(descriptor));
    }

    private boolean has(ClassModel type, String name, String descriptor) {
        if (declares(type, name, descriptor)) {
            return true;
        }
        List<ClassEntry> above = new ArrayList<>(type.interfaces());
        type.superclass().ifPresent(above::add);
        for (ClassEntry entry : above) {
            String parent = entry.asInternalName();
            // What a JDK class or a library offers does not change with the host.
            ClassModel model = parent.startsWith(HOST) ? host.find(parent) : null;
            if (model == null
                    ? !parent.startsWith(HOST) && inherits(parent, name)
                    : has(model, name, descriptor)) {
                return true;
            }
        }
        return false;
    }

    private static boolean inherits(String jdkClass, String member) {
        try {
            Class<?> type = Class.forName(jdkClass.replace('/', '.'), false, null);
            for (var method : type.getMethods()) {
                if (method.getName().equals(member)) {
                    return true;
                }
            }
            return false;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static String ofThatName(ClassModel type, String name, String shortOwner) {
        List<String> found = new ArrayList<>();
        type.fields().stream().filter(f -> f.fieldName().equalsString(name))
                .forEach(f -> found.add(f.fieldType().stringValue()));
        type.methods().stream().filter(m -> m.methodName().equalsString(name))
                .forEach(m -> found.add((m.flags().has(AccessFlag.STATIC) ? "static " : "")
                        + (m.code().isEmpty() ? "without a body " : "") + m.methodType().stringValue()));
        return found.isEmpty() ? "no '" + name + "' in " + shortOwner : String.join(" and ", found);
    }

    /**
     * For messages: the host's version as its jar states it, or {@code unknown}.
     *
     * @param host opens a file of the host by its path, or returns null
     */
    public static String version(Function<String, @Nullable InputStream> host) {
        @Nullable
        String version = null;
        try (InputStream in = host.apply("META-INF/maven/com.github.tjake/jlama-core/pom.properties")) {
            if (in != null) {
                Properties properties = new Properties();
                properties.load(in);
                version = properties.getProperty("version");
            }
        } catch (IOException e) {
            return "unknown (" + e.getMessage() + ")";
        }
        return version == null ? "unknown" : version;
    }
}
