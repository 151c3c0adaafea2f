package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HostTransformerTest {
    private static final String ATTENTION = JoinPoint.ATTENTION.owner();
    private static final String BUFFER = JoinPoint.CLOSED.owner();
    private static final ProtectionDomain DOMAIN = new ProtectionDomain(
            new CodeSource(null, (Certificate[]) null), null);

    private final HostTransformer transformer = new HostTransformer();

    private byte @Nullable [] transform(@Nullable ClassLoader loader, String name, byte[] classFile) {
        return transformer.transform(loader, name, null, DOMAIN, classFile);
    }

    @Test
    void weavesTheHostWeKnow() {
        byte[] classFile = HostFiles.read(ATTENTION);
        assertThat(saidWhile(() -> assertThat(transform(HostFiles.LOADER, ATTENTION, classFile)).isNotNull()
                .isNotEqualTo(classFile))).isEmpty();
    }

    /** Passes the check, but is not the one the build knew. */
    @Test
    void weavesWhatAnotherAgentHasChangedBefore() {
        byte[] changed = ClassFile.of().transformClass(HostFiles.parse(ATTENTION),
                ClassTransform.endHandler(type -> type.withField("another", ConstantDescs.CD_int, 0)));
        byte[] woven = transform(HostFiles.LOADER, ATTENTION, changed);
        assertThat(woven).isEqualTo(Weaver.weave(changed, HostFiles.HIERARCHY)).isNotEqualTo(changed);
    }

    @Test
    void leavesEverythingElseAlone() {
        String other = "com/github/tjake/jlama/model/MLPBlock";
        assertThat(transform(HostFiles.LOADER, other, HostFiles.read(other))).isNull();
        assertThat(transform(null, ATTENTION, HostFiles.read(ATTENTION))).as("a class of the JDK").isNull();
    }

    @Test
    void leavesAnotherHostAloneAndSaysSoOnce() {
        ClassLoader poor = new ClassLoader("poor", HostFiles.LOADER) {
            @Override
            public @Nullable InputStream getResourceAsStream(String name) {
                return name.equals(ATTENTION + ".class") ? null : super.getResourceAsStream(name);
            }
        };
        String said = saidWhile(() -> {
            assertThat(transform(poor, BUFFER, HostFiles.read(BUFFER))).isNull();
            assertThat(transform(poor, JoinPoint.TOKEN.owner(), HostFiles.read(JoinPoint.TOKEN.owner())))
                    .isNull();
        });
        assertThat(said.lines()).singleElement().asString().startsWith("[alisa] this Jlama (version 0.8.4)")
                .contains("it runs untouched",
                        "expected class com.github.tjake.jlama.model.CausalSelfAttention");
        assertThat(Bridge.ask("explain")).asString().as("to whom reads no standard error")
                .contains("this Jlama (version 0.8.4) is not one we know");
    }

    @Test
    void aJvmWithoutTheVectorApiIsToldOnceWhereAHostComes() {
        HostTransformer poor = new HostTransformer(ModuleLayer.empty());
        String other = "com/github/tjake/jlama/model/MLPBlock";
        assertThat(saidWhile(() -> poor.transform(HostFiles.LOADER, other, null, DOMAIN, HostFiles.read(other))))
                .as("nothing is woven").isEmpty();
        String said = saidWhile(() -> {
            for (ClassLoader host : List.of(HostFiles.LOADER, new Host())) {
                for (String name : List.of(ATTENTION, BUFFER)) {
                    assertThat(poor.transform(host, name, null, DOMAIN, HostFiles.read(name))).isNotNull();
                }
            }
        });
        assertThat(said.lines())
                .containsExactly("[alisa] the Vector API is off, without which Jlama can't load a model:"
                        + " start the JVM with --add-modules jdk.incubator.vector");
        assertThat(Bridge.ask("explain")).asString().as("to whom reads no standard error")
                .contains("the Vector API is off");
    }

    @Test
    void survivesWhatIsNoClassFile() {
        String said = saidWhile(
                () -> assertThat(transform(new Host(), ATTENTION, new byte[]{1, 2, 3})).isNull());
        assertThat(said).startsWith("[alisa] could not look into " + ATTENTION + ", the host runs untouched");
    }

    /** A class loader with the host in it, and a class of its own that stands for a woven one. */
    private static final class Host extends ClassLoader {
        Host() {
            super("host", HostFiles.LOADER);
        }

        Class<?> woven() {
            byte[] bytes = ClassFile.of().build(ClassDesc.of("Woven"), type -> type.withFlags(ClassFile.ACC_PUBLIC));
            return defineClass("Woven", bytes, 0, bytes.length);
        }
    }

    /** Attention woven and not the cache, say: then nobody may answer the calls in attention either. */
    @Test
    void aHostThatCannotBeWovenToTheEndIsNotServedAtAll() throws Throwable {
        Host host = new Host();
        String said = saidWhile(() -> {
            assertThat(transform(host, ATTENTION, HostFiles.read(ATTENTION))).isNotNull();
            assertThat(transform(host, BUFFER, HostFiles.withStatic(JoinPoint.CLOSED))).isNull();
            String next = JoinPoint.TOKEN.owner();
            assertThat(transform(host, next, HostFiles.read(next))).isNull();
            assertThat(transform(host, BUFFER, HostFiles.withStatic(JoinPoint.CLOSED))).isNull();
        });
        assertThat(said.lines()).singleElement().asString().startsWith("[alisa] could not look into " + BUFFER);
        assertThat(Bridge.ask("explain")).asString().contains("could not look into " + BUFFER);
        MethodHandle attend = Bridge.bind(host.woven(), JoinPoint.ATTENTION.name());
        assertThat((Object) attend.invokeExact((Object) null, (Object) null, 0, (Object) null, (Object) null))
                .as("null: the host's own body goes on").isNull();
    }

    /** A class loader that has loaded a class of the host by itself, as if the agent had come later. */
    private static final class Early extends ClassLoader {
        Early() {
            super("early", HostFiles.LOADER);
        }

        Class<?> define(String owner) {
            byte[] bytes = HostFiles.read(owner);
            return defineClass(owner.replace('/', '.'), bytes, 0, bytes.length);
        }
    }

    @Test
    void aHostThatWasLoadedBeforeIsNotServed() {
        Early host = new Early();
        Class<?> buffer = host.define(BUFFER);
        String said = saidWhile(() -> {
            transformer.refuseLoaded(String.class, HostTransformerTest.class, buffer, buffer);
            assertThat(transform(host, ATTENTION, HostFiles.read(ATTENTION))).isNull();
        });
        assertThat(said.lines()).singleElement().asString().startsWith("[alisa] Jlama was loaded before")
                .contains("-javaagent:alisa-plugin.jar");
        assertThat(transform(HostFiles.LOADER, ATTENTION, HostFiles.read(ATTENTION))).as("another host").isNotNull();
    }

    /** It was being loaded when we came, so we saw it neither among what is loaded nor on its way. */
    @Test
    void aHostOfWhichOneClassWasLoadedBeforeIsNotServed() throws Throwable {
        Early host = new Early();
        assertThat(transform(host, ATTENTION, HostFiles.read(ATTENTION))).isNotNull();
        Class<?> attention = host.define(ATTENTION);
        Class<?> buffer = host.define(BUFFER);
        String next = JoinPoint.TOKEN.owner();
        String said = saidWhile(() -> {
            transformer.refuseLoaded(attention, buffer, attention);
            assertThat(transform(host, next, HostFiles.read(next))).isNull();
        });
        assertThat(said.lines()).singleElement().asString().startsWith("[alisa] Jlama was loaded before");
        MethodHandle attend = Bridge.bind(attention, JoinPoint.ATTENTION.name());
        assertThat((Object) attend.invokeExact((Object) null, (Object) null, 0, (Object) null, (Object) null))
                .as("null: the host's own body goes on").isNull();
    }

    /** Between the time we look and the time we are asked about every class. */
    @Test
    void whatWasWovenStaysServed() {
        Early host = new Early();
        assertThat(transform(host, BUFFER, HostFiles.read(BUFFER))).isNotNull();
        Class<?> buffer = host.define(BUFFER);
        assertThat(saidWhile(() -> transformer.refuseLoaded(buffer))).isEmpty();
        assertThat(transform(host, ATTENTION, HostFiles.read(ATTENTION))).isNotNull();
    }

    /** The agent has no logger: before {@code main} there is only standard error. */
    private static String saidWhile(Runnable work) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            work.run();
        } finally {
            System.setErr(before);
        }
        return said.toString(StandardCharsets.UTF_8);
    }
}
