package io.alisa.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.function.Function;

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
                : of(own::getResourceAsStream, "on this class path");
    }

    private static Check ofClassPath(String classPath) {
        try (HostClassPath files = HostClassPath.of(classPath, LANDMARK)) {
            return files.has(LANDMARK)
                    ? of(files::open, "in " + classPath)
                    : Check.fail(SUBJECT, "no Jlama in " + classPath,
                            HOW + ", the folder of the application's jars, or its executable jar");
        } catch (NoSuchFileException e) {
            return Check.fail(SUBJECT, "there is no '" + e.getFile() + "'", HOW);
        } catch (InvalidPathException e) {
            return Check.fail(SUBJECT, "'" + classPath + "' can't be used: " + e, HOW);
        } catch (IOException e) {
            return Check.fail(SUBJECT, "'" + classPath + "' can't be read: " + e.getMessage(), HOW);
        } catch (IllegalArgumentException | UncheckedIOException e) { // a class file that is none, or can't be unpacked
            return Check.fail(SUBJECT, "Jlama in '" + classPath + "' is damaged: " + e.getMessage(),
                    "download it again");
        }
    }

    private static Check of(Function<String, @Nullable InputStream> host, String where) {
        String version = HostCheck.version(host);
        String found = "Jlama " + version + " " + where;
        List<String> differences = HostCheck.differences(host);
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
