package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the build wrote down, against the real host on the class path. */
class KnownHostTest {
    private static final String ATTENTION = JoinPoint.ATTENTION.owner();

    private static KnownHost known() throws IOException {
        return Objects.requireNonNull(KnownHost.ofBuild(), "the build has written nothing down");
    }

    /** A host that has {@code other} as the class file of {@code name}. */
    private static ClassLoader hostWith(String name, byte @Nullable [] other) {
        return new ClassLoader("other", HostFiles.LOADER) {
            @Override
            public @Nullable InputStream getResourceAsStream(String path) {
                if (path.equals(name + ".class")) {
                    return other == null ? null : new ByteArrayInputStream(other);
                }
                return super.getResourceAsStream(path);
            }
        };
    }

    static Set<String> names() throws IOException {
        return known().names();
    }

    static List<String> owners() {
        return Stream.of(JoinPoint.values()).map(JoinPoint::owner).distinct().toList();
    }

    @Test
    void itIsTheHostThatPassesTheCheck() throws IOException {
        HostClasses looked = new HostClasses(HostFiles.LOADER::getResourceAsStream);
        assertThat(HostCheck.differences(looked, new HostClasses(HostFiles.LOADER::getResourceAsStream)))
                .isEmpty();
        assertThat(HostCheck.version(HostFiles.LOADER::getResourceAsStream)).isEqualTo("0.8.4");
        assertThat(known().isIn(HostFiles.LOADER, ATTENTION, HostFiles.read(ATTENTION))).isTrue();
        assertThat(names()).as("every class the check looks at").containsExactlyInAnyOrderElementsOf(
                new TreeSet<>(looked.names()));
        assertThat(names()).containsAll(owners());
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyClassCounts(String name) throws IOException {
        byte[] tampered = HostFiles.read(name);
        tampered[tampered.length - 1] ^= 1;
        String loading = name.equals(ATTENTION) ? JoinPoint.FORWARD.owner() : ATTENTION;
        byte[] classFile = HostFiles.read(loading);
        assertThat(known().isIn(hostWith(name, HostFiles.read(name)), loading, classFile)).isTrue();
        assertThat(known().isIn(hostWith(name, tampered), loading, classFile)).isFalse();
        assertThat(known().isIn(hostWith(name, null), loading, classFile)).isFalse();
        assertThat(known().isIn(HostFiles.LOADER, name, tampered)).as("as the JVM has it").isFalse();
    }

    @ParameterizedTest
    @MethodSource("owners")
    void whatWasWrittenDownIsWhatTheWeaverWeaves(String owner) throws IOException {
        byte[] classFile = HostFiles.read(owner);
        assertThat(known().weave(owner, classFile))
                .isEqualTo(Weaver.weave(classFile, HostFiles.HIERARCHY));
    }

    @Test
    void anotherClassFileIsLeftToTheWeaver() throws IOException {
        byte[] classFile = HostFiles.read(ATTENTION);
        classFile[classFile.length - 1] ^= 1;
        assertThat(known().weave(ATTENTION, classFile)).isNull();
    }
}
