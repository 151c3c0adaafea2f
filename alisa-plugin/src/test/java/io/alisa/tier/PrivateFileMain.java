package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Makes a private file in a directory, takes room, says what came of it and where the file ends, and crashes. */
final class PrivateFileMain {
    private PrivateFileMain() {
    }

    @SuppressWarnings("SystemOut") // the test reads it
    public static void main(String... args) {
        try {
            PrivateFile file = new PrivateFile(Path.of(args[0]));
            file.reserve(100_000);
            take(file, Long.parseLong(args[1]));
            file.read(100_000, ByteBuffer.allocateDirect(1));
        } catch (IOException e) {
            System.out.println(e.getMessage());
        }
        System.out.flush();
        Runtime.getRuntime().halt(3);
    }

    @SuppressWarnings("SystemOut")
    private static void take(PrivateFile file, long bytes) throws IOException {
        try {
            file.reserve(bytes);
            file.write(0, ByteBuffer.allocateDirect(64));
            System.out.println("written");
        } catch (IOException e) {
            System.out.println(e.getMessage());
            file.reserve(100_000);
        }
    }
}
