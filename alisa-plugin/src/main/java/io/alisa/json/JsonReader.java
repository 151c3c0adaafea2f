package io.alisa.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Reads JSON (RFC 8259), strictly: what is not JSON is refused with the place where it stops being so. Objects become
 * maps, arrays lists, numbers doubles; the plugin's jar holds no library for it.
 */
public final class JsonReader {
    /**
     * What is refused although it may be JSON: who reads a stranger's text says how much of it makes sense.
     *
     * @param characters of the text
     * @param depth      of objects and arrays within each other
     * @param values     in all, members and elements counted
     */
    public record Limits(int characters, int depth, int values) {
    }

    /** For files that a user names: more is an attack or a mistake. */
    private static final Limits GENEROUS = new Limits(4 << 20, 64, 1 << 20);
    private static final int EXCERPT = 40;
    private static final String NUMBER_CHARACTERS = "+-0123456789.eE";
    private static final String NUMBER = "-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?";

    private final String text;
    private final Limits limits;
    private int at;
    private int values;

    private JsonReader(String text, Limits limits) {
        this.text = text;
        this.limits = limits;
    }

    /**
     * The value of a whole text.
     *
     * @throws IllegalArgumentException with a sentence that names line and column
     */
    public static @Nullable Object read(String text) {
        return read(text, GENEROUS);
    }

    /** As {@link #read(String)}, refusing what is beyond the limits before it takes memory. */
    public static @Nullable Object read(String text, Limits limits) {
        JsonReader reader = new JsonReader(text, limits);
        if (text.length() > limits.characters) {
            throw reader.wrong("more than " + limits.characters + " characters");
        }
        Object value = reader.value(0);
        reader.skipBlanks();
        if (reader.at < text.length()) {
            throw reader.wrong("something behind the end");
        }
        return value;
    }

    /** A stranger's text as a part of a sentence of ours: its beginning, without what would end a line. */
    public static String excerpt(String text) {
        StringBuilder excerpt = new StringBuilder();
        text.chars().limit(EXCERPT).forEach(c -> excerpt.append(c < ' ' || c > '~' ? '?' : (char) c));
        return excerpt.append(text.length() > EXCERPT ? "..." : "").toString();
    }

    private @Nullable Object value(int depth) {
        if (depth > limits.depth) {
            throw wrong("nesting deeper than " + limits.depth);
        }
        if (++values > limits.values) {
            throw wrong("more than " + limits.values + " values");
        }
        skipBlanks();
        return switch (peek()) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, @Nullable Object> object(int depth) {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        at++;
        skipBlanks();
        if (peek() == '}') {
            at++;
            return members;
        }
        while (true) {
            skipBlanks();
            if (peek() != '"') {
                throw wrong("no name of a member");
            }
            String name = string();
            skipBlanks();
            expect(':');
            if (members.containsKey(name)) {
                throw wrong("'" + excerpt(name) + "' a second time");
            }
            members.put(name, value(depth + 1));
            skipBlanks();
            if (peek() == '}') {
                at++;
                return members;
            }
            expect(',');
        }
    }

    private List<@Nullable Object> array(int depth) {
        List<@Nullable Object> elements = new ArrayList<>();
        at++;
        skipBlanks();
        if (peek() == ']') {
            at++;
            return elements;
        }
        while (true) {
            elements.add(value(depth + 1));
            skipBlanks();
            if (peek() == ']') {
                at++;
                return elements;
            }
            expect(',');
        }
    }

    private String string() {
        StringBuilder read = new StringBuilder();
        at++;
        while (true) {
            char c = peek();
            if (c < ' ') {
                throw wrong(at >= text.length() ? "a string without end" : "a control character in a string");
            }
            at++;
            if (c == '"') {
                return read.toString();
            }
            read.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        char c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
                    throw wrong("no four digits behind \\u");
                }
                at += 4;
                yield (char) Integer.parseInt(text, at - 4, at, 16);
            }
            default -> throw wrong("an unknown escape");
        };
    }

    private Double number() {
        int from = at;
        while (at < text.length() && NUMBER_CHARACTERS.indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(from, at);
        if (!digits.matches(NUMBER)) {
            at = from;
            throw wrong(at >= text.length() ? "the end" : "no value");
        }
        return Double.valueOf(digits);
    }

    private @Nullable Object word(String word, @Nullable Object value) {
        if (!text.startsWith(word, at)) {
            throw wrong("no value");
        }
        at += word.length();
        return value;
    }

    private void expect(char wanted) {
        if (peek() != wanted) {
            throw wrong("no '" + wanted + "'");
        }
        at++;
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void skipBlanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException wrong(String found) {
        int end = Math.min(at, text.length());
        int line = 1 + (int) text.substring(0, end).chars().filter(c -> c == '\n').count();
        int column = end - text.lastIndexOf('\n', end - 1);
        return new IllegalArgumentException("not JSON: " + found + " at line " + line + ", column " + column);
    }
}
