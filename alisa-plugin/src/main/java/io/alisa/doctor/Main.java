package io.alisa.doctor;

/** The doctor's entry: {@code java -jar alisa-plugin.jar}. */
public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) {
        System.out.print("");
    }
}
