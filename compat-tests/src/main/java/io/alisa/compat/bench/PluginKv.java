package io.alisa.compat.bench;

import java.util.SplittableRandom;

import io.alisa.Alisa;
import io.alisa.cache.KvLayer;
import io.alisa.host.Binding;
import io.alisa.host.HostSession;
import io.alisa.host.Sessions;

/** Fills a plugin session with random keys and values: prefilling that many tokens would take the host minutes. */
final class PluginKv {
    private PluginKv() {
    }

    static boolean serves(Object kvBuffer) {
        try {
            return Alisa.active() && session(kvBuffer) != null;
        } catch (NoClassDefFoundError e) {
            return false; // the unmodified host: no plugin on its class path
        }
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
        int headSize = session.shape().headSize();
        for (int l = 0; l < session.kv().layerCount(); l++) {
            KvLayer layer = session.kv().layer(l);
            layer.resize(tokens);
            for (int position = 0; position < tokens; position++) {
                for (int head = 0; head < session.shape().kvHeads(); head++) {
                    layer.putKey(position, head, BenchModels.normal(random, headSize), 0);
                    layer.putValue(position, head, BenchModels.normal(random, headSize), 0);
                }
            }
        }
    }
}
