package io.alisa.compat.bench;

import java.util.SplittableRandom;

import io.alisa.Alisa;
import io.alisa.attention.Kernels;
import io.alisa.attention.KvWriter;
import io.alisa.host.Binding;
import io.alisa.host.HostSession;
import io.alisa.host.Sessions;

/** Fills a plugin session with random keys and values: prefilling that many tokens would take the host minutes. */
final class PluginKv {
    private PluginKv() {
    }

    /**
     * To be asked once the host has done a step, for nothing is active before.
     *
     * @throws IllegalStateException where this JVM was to measure the plugin, and it is not active, or the host, and it is
     */
    static void checkOpponent() {
        String expected = System.getProperty(Opponent.PLUGIN);
        if (expected != null && isActive() != Boolean.parseBoolean(expected)) {
            throw new IllegalStateException("The plugin is " + (isActive() ? "" : "not ") + "active");
        }
    }

    private static boolean isActive() {
        try {
            return Alisa.active();
        } catch (NoClassDefFoundError e) {
            return false; // the unmodified host: no plugin on its class path
        }
    }

    static boolean serves(Object kvBuffer) {
        return isActive() && session(kvBuffer) != null;
    }

    private static HostSession session(Object kvBuffer) {
        Binding binding = Sessions.ofProcess().find(kvBuffer);
        HostSession session = binding == null ? null : binding.session();
        if (session == null) {
            throw new IllegalStateException("The plugin is active but does not serve this session");
        }
        return session;
    }

    static void fill(Object kvBuffer, int tokens, SplittableRandom random) {
        HostSession session = session(kvBuffer);
        KvWriter writer = new KvWriter(Kernels.choose("auto").kernels());
        for (int layer = 0; layer < session.kv().layerCount(); layer++) {
            RandomKv.fill(session.kv().layer(layer), writer, session.digests(), tokens, random);
        }
    }
}
