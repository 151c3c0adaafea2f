package io.alisa.web;

import java.net.InetAddress;
import java.net.URI;
import java.util.Optional;
import java.util.Set;

import com.sun.net.httpserver.Headers;

/**
 * Lets in only what our own page sends. A page of another site must not use the model through the user's browser: it would
 * name itself as origin, or, with a name that leads to this machine, name itself as host.
 */
final class SameOrigin {
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final boolean loopback;

    SameOrigin(InetAddress listening) {
        loopback = listening.isLoopbackAddress();
    }

    boolean allows(Headers headers) {
        String host = headers.getFirst("Host");
        String origin = headers.getFirst("Origin");
        return host != null && (!loopback || LOOPBACK.contains(name(host)))
                && (origin == null || host.equals(authority(origin).orElse("")));
    }

    private static String name(String host) {
        int colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }

    private static Optional<String> authority(String origin) {
        try {
            return Optional.ofNullable(URI.create(origin).getRawAuthority());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
