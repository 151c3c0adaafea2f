package io.alisa.doctor;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

import org.jspecify.annotations.Nullable;

/**
 * The files on an application's class path, as applications are packed: in jars, in folders of classes or of jars, and in jars
 * within an executable jar, which Java's own loaders do not open. Of those only the host's is read. Loads no class.
 */
final class HostClassPath implements AutoCloseable {
    /** Where unpacked applications have their jars: beside each other, as Spring Boot and wars do, or as Quarkus does. */
    private static final List<String> JAR_FOLDERS = List.of("", "BOOT-INF/lib", "WEB-INF/lib", "lib", "lib/main");
    /** Quarkus puts the group in front. */
    private static final Pattern NESTED_HOST = Pattern.compile("(?:.*/)?[^/]*jlama-core[^/]*\\.jar");

    private final URLClassLoader files;
    private final Map<String, byte[]> nested;

    private HostClassPath(URLClassLoader files, Map<String, byte[]> nested) {
        this.files = files;
        this.nested = nested;
    }

    /**
     * @param landmark a file of the host, by which it is recognised
     * @throws NoSuchFileException  where something that was given is not there
     * @throws IOException          where something can't be read
     * @throws InvalidPathException where something is no path
     */
    static HostClassPath of(String classPath, String landmark) throws IOException {
        List<Path> entries = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            addTo(entries, entry);
        }
        URLClassLoader files = new URLClassLoader(urls(entries), ClassLoader.getPlatformClassLoader());
        try {
            return new HostClassPath(files,
                    files.getResource(landmark) == null ? nestedHost(entries, landmark) : Map.of());
        } catch (IOException e) {
            files.close();
            throw e;
        }
    }

    /** An entry, and where it is a folder its jars. */
    private static void addTo(List<Path> entries, String given) throws IOException {
        String name = given.endsWith("/*") || given.endsWith(File.separator + "*")
                ? given.substring(0, given.length() - 2)
                : given;
        Path entry = Path.of(name);
        if (!Files.exists(entry)) {
            throw new NoSuchFileException(given);
        }
        entries.add(entry);
        for (String folder : JAR_FOLDERS) {
            Path jars = entry.resolve(folder);
            if (Files.isDirectory(jars)) {
                entries.addAll(jarsIn(jars));
            }
        }
    }

    private static List<Path> jarsIn(Path folder) throws IOException {
        List<Path> jars = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.jar")) {
            found.forEach(jars::add);
        }
        Collections.sort(jars); // a file system has an order of its own, and the first host counts
        return jars;
    }

    private static URL[] urls(List<Path> entries) throws MalformedURLException {
        URL[] urls = new URL[entries.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = entries.get(i).toUri().toURL();
        }
        return urls;
    }

    /** The files of the first host's jar that is in one of the jars; none where there is none. */
    private static Map<String, byte[]> nestedHost(List<Path> entries, String landmark) throws IOException {
        for (Path entry : entries) {
            if (Files.isRegularFile(entry)) {
                Map<String, byte[]> host = nestedHost(entry, landmark);
                if (!host.isEmpty()) {
                    return host;
                }
            }
        }
        return Map.of();
    }

    private static Map<String, byte[]> nestedHost(Path jar, String landmark) throws IOException {
        try (ZipFile outer = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(outer.entries())) {
                if (NESTED_HOST.matcher(entry.getName()).matches()) {
                    Map<String, byte[]> host = contents(outer.getInputStream(entry));
                    if (host.containsKey(landmark)) {
                        return host;
                    }
                }
            }
        } catch (IOException e) {
            throw new IOException(jar + " is no whole jar: " + e.getMessage(), e);
        }
        return Map.of();
    }

    private static Map<String, byte[]> contents(InputStream jar) throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        try (ZipInputStream in = new ZipInputStream(jar)) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                contents.put(entry.getName(), in.readAllBytes());
            }
        }
        return contents;
    }

    boolean has(String path) {
        return nested.containsKey(path) || files.getResource(path) != null;
    }

    /** Opens a file by its path; null where there is none. */
    @Nullable
    InputStream open(String path) {
        byte[] bytes = nested.get(path);
        return bytes == null ? files.getResourceAsStream(path) : new ByteArrayInputStream(bytes);
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
