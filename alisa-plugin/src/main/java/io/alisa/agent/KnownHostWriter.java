package io.alisa.agent;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** Writes {@link KnownHost} down. Run by the build, with the host on the class path; a host that fails the check fails the build. */
final class KnownHostWriter {
    private KnownHostWriter() {
    }

    /** The only argument is the directory of the plugin's classes. */
    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0], KnownHost.class.getPackageName().replace('.', '/'),
                KnownHost.RESOURCE);
        Files.write(file, record(KnownHostWriter.class.getClassLoader()));
    }

    static byte[] record(ClassLoader host) throws IOException {
        ClassHierarchyResolver hierarchy = ClassHierarchyResolver.ofResourceParsing(host);
        Set<String> woven = new TreeSet<>();
        for (JoinPoint point : JoinPoint.values()) {
            woven.add(point.owner());
        }
        Set<String> looked = looked(host);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(looked.size());
        for (String name : looked) {
            byte[] classFile = read(host, name + ".class");
            byte[] delta = woven.contains(name)
                    ? Delta.between(classFile, Weaver.weave(classFile, hierarchy))
                    : new byte[0];
            out.writeUTF(name);
            out.writeInt(KnownHost.checksum(classFile));
            out.writeInt(delta.length);
            out.write(delta);
        }
        return bytes.toByteArray();
    }

    /** The classes whose members the check looked at: whatever our adapter relies on is in one of them. */
    private static Set<String> looked(ClassLoader loader) {
        HostClasses host = new HostClasses(loader::getResourceAsStream);
        ClassLoader ours = KnownHostWriter.class.getClassLoader();
        List<String> differences = HostCheck.differences(host, new HostClasses(ours::getResourceAsStream));
        if (!differences.isEmpty()) {
            throw new IllegalStateException(
                    "The host of the build does not have what the adapter uses: " + differences);
        }
        return new TreeSet<>(host.names());
    }

    private static byte[] read(ClassLoader loader, String path) throws IOException {
        try (InputStream in = loader.getResourceAsStream(path)) {
            return Objects.requireNonNull(in, path).readAllBytes();
        }
    }
}
