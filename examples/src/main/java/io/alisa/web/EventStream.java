package io.alisa.web;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Server-sent events: a name and a line of JSON each. Who has gone away is noticed by the next event. */
final class EventStream {
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

    /** Whether nobody reads any more. */
    boolean isGone() {
        return gone;
    }
}
