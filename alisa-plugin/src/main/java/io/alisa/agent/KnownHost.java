package io.alisa.agent;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;

import org.jspecify.annotations.Nullable;

/**
 * The very host this plugin was built against. Its check and its weaving were done by the build, which wrote down the
 * checksum of every class the check looked at and what weaving changed, see {@link KnownHostWriter}.
 *
 * <p>Comparing and copying spares that host's start the tools that {@link HostCheck} and {@link Weaver} are made of,
 * some two hundred classes of the JDK. Any other host is checked and woven by them as always.
 */
final class KnownHost {
    static final String RESOURCE = "known-host";

    private final Map<String, Integer> checksums = new HashMap<>();
    private final Map<String, byte[]> weaving = new HashMap<>();

    KnownHost(DataInputStream in) throws IOException {
        for (int i = in.readInt(); i > 0; i--) {
            String name = in.readUTF();
            checksums.put(name, in.readInt());
            byte[] delta = in.readNBytes(in.readInt());
            if (delta.length > 0) {
                weaving.put(name, delta);
            }
        }
    }

    /** What the build wrote down; null where these classes do not come from a build. */
    static @Nullable KnownHost ofBuild() throws IOException {
        try (InputStream in = KnownHost.class.getResourceAsStream(RESOURCE)) {
            return in == null ? null : new KnownHost(new DataInputStream(in));
        }
    }

    /**
     * Whether {@code loader} has this host, class by class.
     *
     * @param loading   internal name of the class that is just being loaded
     * @param classFile its bytes as the JVM has them
     */
    boolean isIn(ClassLoader loader, String loading, byte[] classFile) throws IOException {
        for (Map.Entry<String, Integer> entry : checksums.entrySet()) {
            String name = entry.getKey();
            byte[] found = name.equals(loading) ? classFile : read(loader, name + ".class");
            if (checksum(found) != entry.getValue()) {
                return false;
            }
        }
        return true;
    }

    /** Internal names of the classes it is known by. */
    Set<String> names() {
        return checksums.keySet();
    }

    private static byte[] read(ClassLoader loader, String path) throws IOException {
        try (InputStream in = loader.getResourceAsStream(path)) {
            return in == null ? new byte[0] : in.readAllBytes();
        }
    }

    /** The class with the calls put in; null where {@code classFile} is not this host's, another agent's for instance. */
    byte @Nullable [] weave(String name, byte[] classFile) throws IOException {
        Integer checksum = checksums.get(name);
        byte[] delta = weaving.get(name);
        return delta == null || checksum == null || checksum != checksum(classFile)
                ? null
                : Delta.apply(classFile, delta);
    }

    static int checksum(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
