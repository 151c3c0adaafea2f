package io.alisa.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

import io.alisa.chat.Memo;
import org.junit.jupiter.api.Test;

/** Whether who waited is still there when its turn comes. */
class SpeakerTest {
    private static final String WAIT = "event: wait\ndata: {}\n\n";
    private static final String FLOOR = "event: floor\ndata: {}\n\n";

    @Test
    void whoLeftAfterTheLastLookIsMissed() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Socket page = new Socket(server.getInetAddress(), server.getLocalPort());
            try (Socket served = server.accept()) {
                Speaker speaker = new Speaker(new EventStream(served.getOutputStream()));
                speaker.onWait();
                assertThat(page.getInputStream().readNBytes(WAIT.length())).asString().isEqualTo(WAIT);
                page.close();
                assertThat(served.getInputStream().read()).as("it left").isNegative();
                assertThat(speaker.stop()).as("nothing was sent since").isFalse();
                speaker.onFloor(Memo.conversation());
                assertThat(speaker.stop()).isTrue();
            } finally {
                page.close();
            }
        }
    }

    @Test
    void whoStayedHasTheFloor() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Speaker speaker = new Speaker(new EventStream(out));
        speaker.onWait();
        speaker.onFloor(Memo.conversation());
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(WAIT + FLOOR + FLOOR);
        assertThat(speaker.stop()).isFalse();
    }

    @Test
    void whoDidNotWaitIsNotToldThatItsTurnCame() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Speaker(new EventStream(out)).onFloor(Memo.conversation());
        assertThat(out.size()).isZero();
    }
}
