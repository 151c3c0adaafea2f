package io.alisa.compat.quality;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * What to measure, from the {@code quality.*} system properties; an empty one is as good as none.
 *
 * @param repository root of the repository: model, published report and, beside it, the evaluation texts
 * @param directory  where the report goes
 * @param texts      files with text; empty: those beside the repository
 * @param publish    copy the report into the repository's documentation
 * @param verify     fail where a setting is not in force; false only to try this tool with a plugin that lacks them
 * @param prompt     tokens of a window that are read at once, densely
 * @param tokens     tokens of a window that are decoded and scored
 * @param windows    windows of each text
 * @param sparsities percentages of KV sparsity
 * @param distances  tokens between telling a fact and asking for it
 * @param questions  questions for each distance
 * @param command    how to run this again
 */
record Options(Path repository, Path directory, List<Path> texts, boolean publish, boolean verify, int prompt,
        int tokens,
        int windows, List<Integer> sparsities, List<Integer> distances, int questions, String command) {

    /** The model was trained on sequences of this length. */
    static final int LONGEST = 2048;

    static Options of(Properties properties) {
        boolean quick = flag(properties, "quality.quick", false);
        Path repository = Path.of(text(properties, "quality.repository", "..")).toAbsolutePath().normalize();
        Options options = new Options(repository,
                Path.of(text(properties, "quality.directory", "target/quality")).toAbsolutePath().normalize(),
                paths(text(properties, "quality.texts", "")), flag(properties, "quality.publish", false),
                flag(properties, "quality.verify", true), number(properties, "quality.prompt", 1024),
                number(properties, "quality.tokens", quick ? 200 : 400),
                number(properties, "quality.windows", quick ? 2 : 3),
                quick ? List.of(20, 80) : List.of(0, 20, 40, 60, 80, 90),
                quick ? List.of(450, 970) : List.of(450, 970, 1850),
                number(properties, "quality.questions", quick ? 20 : 100), command(properties));
        if (options.prompt() + options.tokens() >= LONGEST) {
            throw new QualityException("quality.prompt and quality.tokens make a window of "
                    + (options.prompt() + options.tokens()) + " tokens; the model was trained on " + LONGEST);
        }
        return options;
    }

    Path model() {
        return repository.resolve("examples/models/memo");
    }

    private static List<Path> paths(String text) {
        return Arrays.stream(text.split(",", -1)).map(String::strip).filter(path -> !path.isEmpty()).map(Path::of)
                .toList();
    }

    private static String text(Properties properties, String key, String otherwise) {
        String text = properties.getProperty(key, "").strip();
        return text.isEmpty() ? otherwise : text;
    }

    private static boolean flag(Properties properties, String key, boolean otherwise) {
        String text = text(properties, key, String.valueOf(otherwise));
        if (!text.equals("true") && !text.equals("false")) {
            throw new QualityException(key + "='" + text + "' is neither true nor false");
        }
        return text.equals("true");
    }

    private static int number(Properties properties, String key, int otherwise) {
        String text = text(properties, key, String.valueOf(otherwise));
        if (!text.matches("[1-9][0-9]{0,6}")) {
            throw new QualityException(key + "='" + text + "' is not a number from 1 on");
        }
        return Integer.parseInt(text);
    }

    /** Without directories: the report names no machine's. */
    private static String command(Properties properties) {
        StringBuilder command = new StringBuilder("mvn -Pquality -DskipTests");
        for (String key : List.of("quick", "texts", "prompt", "tokens", "windows", "questions", "verify")) {
            String value = text(properties, "quality." + key, "");
            if (!value.isEmpty()) {
                command.append(" -Dquality.").append(key).append('=')
                        .append(key.equals("texts")
                                ? String.join(",", paths(value).stream().map(p -> p.getFileName().toString()).toList())
                                : value);
            }
        }
        return command.append(" verify").toString();
    }
}
