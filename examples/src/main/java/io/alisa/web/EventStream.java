package io.alisa.web;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Server-sent events: a name and a line of JSON each. Who has gone away is noticed by the second event from then on: the
 * first one is still taken by the operating system, and what comes back of it makes the second one fail.
 */
final class EventStream {
    /** Longer than a packet takes to a browser and back. */
    private static final long ECHO_MILLIS = 100;

    private final OutputStream out;
    private boolean gone;

    EventStream(OutputStream out) {
        this.out = out;
    }

    void send(String event, String json) {
        if (!gone) {
            try {
                out.write(("event: " + event + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
            } catch (IOException e) {
                gone = true;
            }
        }
    }

    /** So that it is known afterwards whether anybody is there to read it. */
    void sendTwice(String event, String json) {
        send(event, json);
        if (!gone) {
            awaitEcho();
            send(event, json);
        }
    }

    private static void awaitEcho() {
        try {
            TimeUnit.MILLISECONDS.sleep(ECHO_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether nobody reads any more. */
    boolean isGone() {
        return gone;
    }
}
