package io.alisa.compat.loader;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Runs a main class in a child class loader, as Spring Boot's and Quarkus' launchers do with a whole application.
 * Arguments: the parent ({@code system} or {@code platform}), the child's class path, the main class, its arguments.
 */
public final class ChildLoaderMain {
    private ChildLoaderMain() {
    }

    public static void main(String[] args) throws ReflectiveOperationException, MalformedURLException {
        ClassLoader parent = args[0].equals("platform")
                ? ClassLoader.getPlatformClassLoader()
                : ClassLoader.getSystemClassLoader();
        String[] entries = args[1].split(File.pathSeparator, -1);
        URL[] urls = new URL[entries.length];
        for (int i = 0; i < entries.length; i++) {
            urls[i] = Path.of(entries[i]).toUri().toURL();
        }
        // Never closed: what the main class starts may load classes as long as the process lives.
        @SuppressWarnings("resource")
        ClassLoader child = new URLClassLoader("child", urls, parent);
        Thread.currentThread().setContextClassLoader(child);
        try {
            child.loadClass(args[2]).getMethod("main", String[].class).invoke(null,
                    (Object) Arrays.copyOfRange(args, 3, args.length));
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
