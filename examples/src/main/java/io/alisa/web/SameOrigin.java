package io.alisa.web;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

import com.sun.net.httpserver.Headers;

/**
 * Lets in only what our own page sends. A page of another site must not use the model through the user's browser: it would
 * name itself as origin, or, with a name that leads to this machine, as host. It can take any
 * name, but no address in digits.
 */
final class SameOrigin {
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private static final Pattern DIGITS = Pattern.compile("\\d+(\\.\\d+){3}|\\[[0-9a-fA-F:.%]+]");

    private final String given;
    private final boolean loopback;

    /** @param listening with the name or the address that the user gave */
    SameOrigin(InetSocketAddress listening) {
        String name = listening.getHostString();
        given = name.contains(":") && !name.startsWith("[") ? "[" + name + "]" : name;
        loopback = listening.getAddress().isLoopbackAddress();
    }

    boolean allows(Headers headers) {
        String host = headers.getFirst("Host");
        String origin = headers.getFirst("Origin");
        return host != null && isOurs(name(host))
                && (origin == null || host.equals(authority(origin).orElse("")));
    }

    private boolean isOurs(String name) {
        return LOOPBACK.contains(name) || given.equalsIgnoreCase(name)
                || (!loopback && DIGITS.matcher(name).matches());
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
