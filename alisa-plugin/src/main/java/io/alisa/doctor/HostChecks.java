package io.alisa.doctor;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.alisa.agent.HostCheck;
import org.jspecify.annotations.Nullable;

/** Whether the application's Jlama is one the plugin serves. Reads its class files; runs nothing of it. */
final class HostChecks {
    private static final String SUBJECT = "host";
    private static final String LANDMARK = "com/github/tjake/jlama/model/AbstractModel.class";
    private static final String KNOWN = "0.8.4";
    /** Versions whose answers the tests compare, with the plugin and without. */
    private static final List<String> COMPARED = List.of("0.8.3", KNOWN);
    private static final String HOW = "give it: --host path/to/jlama-core-" + KNOWN + ".jar";

    private HostChecks() {
    }

    /** @param classPath where Jlama is; null: on this process' own class path, or not known */
    static Check of(@Nullable String classPath) {
        if (classPath != null) {
            return ofClassPath(classPath);
        }
        ClassLoader own = ClassLoader.getSystemClassLoader();
        return own.getResource(LANDMARK) == null
                ? Check.warn(SUBJECT, "not checked: where the application's Jlama is was not said", HOW)
                : of(own, "on this class path");
    }

    private static Check ofClassPath(String classPath) {
        List<URL> urls = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            try {
                Path path = Path.of(entry);
                if (!Files.exists(path)) {
                    return Check.fail(SUBJECT, "there is no '" + entry + "'", HOW);
                }
                urls.add(path.toUri().toURL());
            } catch (MalformedURLException | InvalidPathException e) {
                return Check.fail(SUBJECT, "'" + entry + "' can't be used: " + e, HOW);
            }
        }
        try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new),
                ClassLoader.getPlatformClassLoader())) {
            return of(loader, "in " + classPath);
        } catch (IOException e) {
            return Check.fail(SUBJECT, "'" + classPath + "' can't be read: " + e, HOW);
        }
    }

    private static Check of(ClassLoader loader, String where) {
        if (loader.getResource(LANDMARK) == null) {
            return Check.fail(SUBJECT, "no Jlama " + where,
                    HOW + " (the jar itself, not one that contains it)");
        }
        String version = HostCheck.version(loader);
        String found = "Jlama " + version + " " + where;
        List<String> differences = HostCheck.differences(loader);
        if (differences.isEmpty()) {
            String text = found + ": everything the plugin needs is there";
            return COMPARED.contains(version)
                    ? Check.ok(SUBJECT, text)
                    : Check.warn(SUBJECT, text + ", but its answers were never compared",
                            "use Jlama " + KNOWN);
        }
        String more = differences.size() == 1 ? "" : " (and " + (differences.size() - 1) + " more)";
        return Check.fail(SUBJECT, found + " runs untouched: " + differences.getFirst() + more,
                "use Jlama " + KNOWN);
    }
}
