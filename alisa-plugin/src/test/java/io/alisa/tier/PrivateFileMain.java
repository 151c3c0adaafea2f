package io.alisa.tier;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Makes a private file in a directory, takes room, says what came of it, and crashes. */
final class PrivateFileMain {
    private PrivateFileMain() {
    }

    @SuppressWarnings("SystemOut") // the test reads it
    public static void main(String... args) {
        try {
            PrivateFile file = new PrivateFile(Path.of(args[0]));
            file.reserve(Long.parseLong(args[1]));
            file.write(0, ByteBuffer.allocateDirect(64));
            System.out.println("written");
        } catch (IOException e) {
            System.out.println(e.getMessage());
        }
        System.out.flush();
        Runtime.getRuntime().halt(3);
    }
}
