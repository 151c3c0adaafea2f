package io.alisa.doctor;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.alisa.cache.KvFormat;
import io.alisa.config.Configuration;
import io.alisa.config.Setting;
import io.alisa.host.SessionMode;
import io.alisa.schedule.Expectation;
import io.alisa.sparse.Budget;
import io.alisa.units.ByteSize;
import org.jspecify.annotations.Nullable;

/**
 * The words behind {@code plan}; what is not said is taken from the configuration.
 *
 * @param model      the model's directory
 * @param expected   prompt and context
 * @param fast       cap of the fast tier; null: automatic
 * @param slow       cap of the slow tier; null: automatic
 * @param mode       how the session keeps and attends its KV
 * @param recompute  whether tokens may be deleted
 */
record PlanArguments(Path model, Expectation expected, @Nullable Long fast, @Nullable Long slow, SessionMode mode,
        boolean recompute) {
    static final String USAGE = "usage: java -jar alisa-plugin.jar plan --model DIR --context N [--prompt N]"
            + " [--fast SIZE] [--slow SIZE] [--sparse RATIO|--dense]   what would be kept where, and how long it takes:"
            + " by a session as it is configured, a sparse one, or one that attends all tokens in INT8";
    /** What the host keeps unless it is loaded with another working type, which only the application knows. */
    private static final KvFormat HOST_FORMAT = KvFormat.F32;

    private static final List<String> WITH_VALUE = List.of("--model", "--context", "--prompt", "--fast", "--slow",
            "--sparse");

    /** Throws {@link IllegalArgumentException} with a sentence for the user. */
    static PlanArguments parse(List<String> words, Configuration configuration) {
        Map<String, String> given = given(words);
        int context = number(required(given, "--context"), "--context");
        int prompt = given.containsKey("--prompt")
                ? number(given.getOrDefault("--prompt", ""), "--prompt")
                : context / 2;
        return new PlanArguments(directory(required(given, "--model")), new Expectation(prompt, context),
                cap(given.getOrDefault("--fast", configuration.text(Setting.MEMORY_FAST))),
                cap(given.getOrDefault("--slow", configuration.text(Setting.MEMORY_SLOW))), mode(given, configuration),
                configuration.text(Setting.RECOMPUTE).equals("auto"));
    }

    private static Map<String, String> given(List<String> words) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            String value = "";
            if (WITH_VALUE.contains(word)) {
                if (i + 1 == words.size() || words.get(i + 1).startsWith("--")) {
                    throw new IllegalArgumentException(word + " needs a value");
                }
                value = words.get(++i);
            } else if (!word.equals("--dense")) {
                throw new IllegalArgumentException("Unknown argument '" + word + "'");
            }
            if (given.put(word, value) != null) {
                throw new IllegalArgumentException(word + " is given twice");
            }
        }
        if (given.containsKey("--dense") && given.containsKey("--sparse")) {
            throw new IllegalArgumentException("--dense and --sparse exclude each other");
        }
        return given;
    }

    private static String required(Map<String, String> given, String word) {
        String value = given.get(word);
        if (value == null) {
            throw new IllegalArgumentException(word + " is missing");
        }
        return value;
    }

    private static Path directory(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + text + "' is not a directory's name", e);
        }
    }

    private static int number(String text, String word) {
        if (!text.matches("\\d{1,9}")) {
            throw new IllegalArgumentException(
                    word + " is a number of tokens, of nine digits at most, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }

    private static @Nullable Long cap(String text) {
        return text.equalsIgnoreCase("auto") ? null : Long.valueOf(ByteSize.parse(text));
    }

    private static SessionMode mode(Map<String, String> given, Configuration configuration) {
        String ratio = given.get("--sparse");
        if (ratio != null) {
            return SessionMode.sparse(configuration, ratio(ratio));
        }
        return given.containsKey("--dense")
                ? new SessionMode(KvFormat.INT8, false, null, new Budget(1, 0))
                : SessionMode.of(configuration, HOST_FORMAT);
    }

    private static double ratio(String text) {
        if (!text.matches("0?\\.\\d{1,9}|1(\\.0*)?") || Double.parseDouble(text) == 0) {
            throw new IllegalArgumentException("--sparse is a share above 0 and at most 1, not '" + text + "'");
        }
        return Double.parseDouble(text);
    }
}
