package io.alisa.start;

import java.io.IOException;

import io.alisa.doctor.Main;

/** {@code java -jar alisa-plugin.jar}: starts the doctor, or on an older Java says what it needs. */
public final class Doctor {
    private static final int FAILED = 1;

    private Doctor() {
    }

    public static void main(String[] arguments) throws IOException {
        try {
            Main.main(arguments);
        } catch (UnsupportedClassVersionError e) {
            OldJava.say();
            System.exit(FAILED);
        }
    }
}
