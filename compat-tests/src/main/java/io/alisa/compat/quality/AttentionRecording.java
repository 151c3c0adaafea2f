package io.alisa.compat.quality;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** A flight recording of the plugin's attention samples while one setting runs. */
final class AttentionRecording implements AutoCloseable {
    static final String EVENT = "alisa.AttentionSample";

    private final Recording recording = new Recording();

    AttentionRecording() {
        recording.enable(EVENT).withoutThreshold().withoutStackTrace();
        recording.start();
    }

    /** Ends the recording. */
    AttentionSummary finish() {
        recording.stop();
        try {
            Path file = Files.createTempFile("attention", ".jfr");
            try {
                recording.dump(file);
                return AttentionSummary.of(samples(file));
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<RecordedEvent> samples(Path file) throws IOException {
        List<RecordedEvent> samples = new ArrayList<>();
        try (RecordingFile events = new RecordingFile(file)) {
            while (events.hasMoreEvents()) {
                RecordedEvent event = events.readEvent();
                if (event.getEventType().getName().equals(EVENT)) {
                    samples.add(event);
                }
            }
        }
        return samples;
    }

    @Override
    public void close() {
        recording.close();
    }
}
