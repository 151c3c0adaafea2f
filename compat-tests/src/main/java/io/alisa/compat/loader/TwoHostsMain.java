package io.alisa.compat.loader;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Two hosts in one process, each in a class loader of its own, as two applications of a server have them: they take turns with
 * the scenarios of a directory. Arguments: the loaders' class path, the class with {@code runOne(Path)}, the directory.
 */
public final class TwoHostsMain {
    private TwoHostsMain() {
    }

    public static void main(String[] args) throws Exception {
        List<Method> hosts = List.of(runOne(args), runOne(args));
        List<Path> scenarios = scenarios(Path.of(args[2]));
        for (int i = 0; i < scenarios.size(); i++) {
            Method runOne = hosts.get(i % hosts.size());
            Thread.currentThread().setContextClassLoader(runOne.getDeclaringClass().getClassLoader());
            try {
                runOne.invoke(null, scenarios.get(i));
            } catch (InvocationTargetException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
        // The hosts' thread pools would keep the process for a minute.
        System.exit(0);
    }

    private static Method runOne(String... args) throws ReflectiveOperationException, MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (String entry : args[0].split(File.pathSeparator, -1)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        // Never closed: what runs there may load classes as long as the process lives.
        @SuppressWarnings("resource")
        ClassLoader loader = new URLClassLoader("host", urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        return loader.loadClass(args[1]).getMethod("runOne", Path.class);
    }

    private static List<Path> scenarios(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".scenario")).sorted().toList();
        }
    }
}
