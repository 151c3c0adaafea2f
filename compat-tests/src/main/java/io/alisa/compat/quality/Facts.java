package io.alisa.compat.quality;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Facts about made-up people, of the kinds and with the names that the trained model knows to keep. */
final class Facts {
    /** A fact as it is told, and the question it answers. */
    record Fact(String statement, String question) {
        static Fact of(String kind, String name, String value) {
            return new Fact("The " + kind + " of " + name + " is " + value + ".",
                    "What is the " + kind + " of " + name + "?");
        }
    }

    private static final List<String> NAMES = List.of("Alice", "Arthur", "Frank", "Jack", "Thomas", "Edith", "Julia",
            "Kate",
            "Laura", "Ruth", "Susan", "Victor", "Tomas", "Hugo", "Clara", "Bella", "Flora", "Hanna", "Boris", "Alfred",
            "Anna",
            "Olga", "Rosa", "Simon", "Greta", "Oscar");
    private static final List<String> KINDS = List.of("gate code", "locker number", "pin", "phone number", "home town",
            "favourite colour");
    private static final List<String> TOWNS = List.of("London", "Paris", "Berlin", "Vienna", "Madrid", "Oslo", "Dublin",
            "Boston", "Geneva", "Prague", "Lisbon");
    private static final List<String> COLOURS = List.of("red", "green", "blue", "yellow", "white", "black", "brown",
            "purple",
            "orange", "grey", "pink", "violet");

    private Facts() {
    }

    /** As many facts as asked for, up to one of each kind, no two about the same person. */
    static List<Fact> draw(int count, Random random) {
        List<String> names = new ArrayList<>(NAMES);
        List<String> kinds = new ArrayList<>(KINDS);
        Collections.shuffle(names, random);
        Collections.shuffle(kinds, random);
        List<Fact> facts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            facts.add(Fact.of(kinds.get(i), names.get(i), value(kinds.get(i), random)));
        }
        return facts;
    }

    private static String value(String kind, Random random) {
        return switch (kind) {
            case "home town" -> TOWNS.get(random.nextInt(TOWNS.size()));
            case "favourite colour" -> COLOURS.get(random.nextInt(COLOURS.size()));
            case "locker number" -> String.valueOf(random.nextInt(100, 1_000));
            case "phone number" -> String.valueOf(random.nextInt(100_000, 1_000_000));
            default -> String.valueOf(random.nextInt(1_000, 10_000));
        };
    }
}
