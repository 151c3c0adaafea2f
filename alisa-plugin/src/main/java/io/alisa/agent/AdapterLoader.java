package io.alisa.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

import io.alisa.config.Configuration;
import io.alisa.host.HostHooks;

/**
 * Loads the host adapter next to its host: our adapter's classes are defined here, the host's are found in the
 * parent, which is the host's own loader, and the rest of ours in the agent's loader. Device modules are ours, too: where the
 * agent's loader has none, those that lie beside the host are defined here, for the host's loader need not know the agent's.
 */
final class AdapterLoader extends ClassLoader {
    static final String ADAPTER_PACKAGE = "io.alisa.host.jlama.";
    static final String ADAPTER = ADAPTER_PACKAGE + "JlamaHost";

    private final ClassLoader ours;

    /**
     * @param host where the host is
     * @param ours the agent's
     */
    AdapterLoader(ClassLoader host, ClassLoader ours) {
        super("alisa-adapter", host);
        this.ours = ours;
    }

    /** Makes the adapter for the host in {@code host}. */
    static HostHooks load(ClassLoader host, Configuration configuration) throws ReflectiveOperationException {
        ClassLoader loader = new AdapterLoader(host, AdapterLoader.class.getClassLoader());
        return Class.forName(ADAPTER, true, loader).asSubclass(HostHooks.class)
                .getConstructor(Configuration.class)
                .newInstance(configuration);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            if (known != null) {
                return known;
            }
            if (name.startsWith(ADAPTER_PACKAGE)) {
                return define(name, ours);
            }
            return name.startsWith("io.alisa.") ? loadOurs(name) : super.loadClass(name, resolve);
        }
    }

    private Class<?> loadOurs(String name) throws ClassNotFoundException {
        try {
            return ours.loadClass(name);
        } catch (ClassNotFoundException e) {
            return define(name, getParent());
        }
    }

    private Class<?> define(String name, ClassLoader from) throws ClassNotFoundException {
        try (InputStream in = from.getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = in.readAllBytes();
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException("Can't read " + name + " from its jar", e);
        }
    }
}
