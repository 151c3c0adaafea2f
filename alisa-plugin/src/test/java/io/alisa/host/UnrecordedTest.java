package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

import io.alisa.ChildJvm;
import io.alisa.cache.KvFormat;
import io.alisa.cache.KvMemory;
import io.alisa.sparse.Budget;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;

/** To start the flight recorder takes longer than many tokens: it is not started where nobody records. */
class UnrecordedTest {
    /** A process in which something is said, where it is told so while it is recorded. */
    static final class Saying {
        private Saying() {
        }

        public static void main(String[] arguments) {
            if (arguments.length > 0) {
                try (Recording recording = new Recording()) {
                    recording.start();
                    say();
                }
            } else {
                say();
            }
            IO.println("recorder started: " + FlightRecorder.isInitialized());
        }

        private static void say() {
            ToyChat chat = new ToyChat(new SessionMode(KvFormat.INT8, false, "swa", new Budget(0.3, 64)),
                    KvMemory.unlimited());
            chat.generate(new Object(), ToyChat.random(1, 600), 20);
        }
    }

    @Test
    void theFlightRecorderIsNotStarted() throws IOException, InterruptedException {
        assertThat(ChildJvm.with().run(Saying.class)).contains("recorder started: false");
        assertThat(ChildJvm.with().run(Saying.class, "recorded")).contains("recorder started: true");
    }
}
