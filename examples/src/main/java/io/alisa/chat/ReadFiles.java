package io.alisa.chat;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Texts that go with the next message. */
final class ReadFiles {
    private final List<String> texts = new ArrayList<>();

    /** Reads a file, without attaching it yet. */
    static String load(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.UTF_8).strip();
            if (text.isEmpty()) {
                throw new UserError(file + " is empty; name a file with text in it");
            }
            return text;
        } catch (NoSuchFileException e) {
            throw new UserError("There is no file " + file.toAbsolutePath() + "; check its name", e);
        } catch (CharacterCodingException e) {
            throw new UserError(file + " is not UTF-8 text; convert it first", e);
        } catch (IOException e) {
            throw new UserError(file + " cannot be read; check that it is a file and its permissions", e);
        }
    }

    void attach(String text) {
        texts.add(text);
    }

    /** The attached texts and, after them, a message. */
    String joinedWith(String message) {
        List<String> parts = new ArrayList<>(texts);
        parts.add(message);
        return String.join("\n\n", parts);
    }

    void clear() {
        texts.clear();
    }
}
