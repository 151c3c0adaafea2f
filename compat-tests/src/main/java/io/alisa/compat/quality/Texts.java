package io.alisa.compat.quality;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The texts of a run.
 *
 * @param read   what perplexity is measured on
 * @param filler what lies between telling a fact and asking for it
 * @param remark where they come from
 */
record Texts(List<EvaluationText> read, List<EvaluationText> filler, String remark) {

    /** Where evaluation texts lie, seen from the repository: beside it, because they are not ours to ship. */
    private static final Path BESIDE = Path.of("..", "shared", "data");

    static Texts select(Options options) {
        if (!options.texts().isEmpty()) {
            return ofFiles(options.texts(), "as given");
        }
        List<Path> found = found(options.repository().resolve(BESIDE).normalize());
        if (!found.isEmpty()) {
            return ofFiles(found, "unseen in training");
        }
        return new Texts(List.of(new EvaluationText("made-up conversations", MadeUpText.conversations(400_000))),
                List.of(new EvaluationText("made-up prose", MadeUpText.prose(200_000))),
                "**no evaluation text was found, so this text was made up by the tool**: the model knows its kind from "
                        + "training, and figures on it say little about real text; give files with -Dquality.texts");
    }

    private static Texts ofFiles(List<Path> files, String remark) {
        List<EvaluationText> texts = files.stream().map(Texts::read).toList();
        return new Texts(texts, texts, remark);
    }

    private static List<Path> found(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return new ArrayList<>(files.filter(file -> file.toString().endsWith(".txt")).sorted().toList());
        } catch (IOException e) {
            throw new QualityException("The directory of evaluation texts can't be listed (" + e + ")", e);
        }
    }

    private static EvaluationText read(Path file) {
        try {
            return new EvaluationText(file.getFileName().toString(), ascii(Files.readString(file)));
        } catch (IOException e) {
            throw new QualityException("The text " + file + " can't be read (" + e + "); it must be a UTF-8 text file, "
                    + "give others with -Dquality.texts=FILE,FILE", e);
        }
    }

    /** The host's tokenizer mistakes code points for bytes, so other characters would arrive garbled. */
    static String ascii(String text) {
        return text.replaceAll("[\u2018\u2019]", "'").replaceAll("[\u201c\u201d]", "\"")
                .replaceAll("[\u2013\u2014]", "-").replaceAll("[^\\n\\x20-\\x7e]", "");
    }
}
