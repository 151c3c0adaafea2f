package io.alisa.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
    @Test
    void readsEveryKindOfValue() {
        assertThat(JsonReader.read("""
                 {"a": [1, -2.5e3, 0, 1E-2], "b": {"": true, "n": null}, "c": [], "d": {},
                \t"e": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00 é"}
                """)).isEqualTo(Map.of("a", List.of(1.0, -2500.0, 0.0, 0.01), "b",
                new java.util.HashMap<>(JsonReaderTest.withNull()), "c", List.of(), "d", Map.of(), "e",
                "\"\\/\b\f\n\r\té\uD83D\uDE00 é"));
        assertThat(JsonReader.read(" null ")).isNull();
        assertThat(JsonReader.read("false")).isEqualTo(false);
    }

    private static Map<String, Object> withNull() {
        Map<String, Object> map = new java.util.HashMap<>(Map.of("", true));
        JsonReaderTest.putNull(map);
        return map;
    }

    @SuppressWarnings("NullAway") // what the reader makes of null
    private static void putNull(Map<String, Object> map) {
        map.put("n", null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "}", "[", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
            "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":2}", "01", "1.", ".5", "+1", "-", "1e", "0x10", "NaN",
            "Infinity", "tru", "nul", "True", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"\u0000\"",
            "1 2", "[1] x", "// c\n1", "\uFEFF{}", "[1\u00a0]", "\"\\"})
    void refusesWhatIsNotJson(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> JsonReader.read(text))
                .withMessageMatching("not JSON: .* at line \\d+, column \\d+");
    }

    @Test
    void namesThePlace() {
        assertThatIllegalArgumentException().isThrownBy(() -> JsonReader.read("{\n  \"a\": 1,\n  b\n}"))
                .withMessage("not JSON: no name of a member at line 3, column 3");
    }

    @Test
    void deepNestingIsRefusedAndNotAnOverflow() {
        assertThatIllegalArgumentException().isThrownBy(() -> JsonReader.read("[".repeat(1_000_000)))
                .withMessageContaining("nesting");
        assertThat(JsonReader.read("[".repeat(50) + "]".repeat(50))).isInstanceOf(List.class);
    }

    @Test
    void whatIsBeyondTheLimitsIsRefused() {
        JsonReader.Limits limits = new JsonReader.Limits(20, 2, 5);
        assertThat(JsonReader.read("[[[]], 1]", limits)).isEqualTo(List.of(List.of(List.of()), 1.0));
        assertThatIllegalArgumentException().isThrownBy(() -> JsonReader.read("[[[[]]]]", limits))
                .withMessageContaining("nesting deeper than 2");
        assertThatIllegalArgumentException().isThrownBy(() -> JsonReader.read("[1,2,3,4,5]", limits))
                .withMessageContaining("more than 5 values");
        assertThatIllegalArgumentException().isThrownBy(() -> JsonReader.read(" ".repeat(20) + "1", limits))
                .withMessageContaining("more than 20 characters");
    }

    /** Whatever is done to a good text, the answer is a value or a sentence. */
    @Test
    void damagedTextsAreReadOrRefused() {
        String good = "{\"hidden_size\": 2048, \"a\": [1.5, \"x\\u0041\", {\"b\": null}], \"t\": true}";
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 5000; i++) {
            StringBuilder text = new StringBuilder(good);
            for (int damage = random.nextInt(4); damage >= 0; damage--) {
                text.setCharAt(random.nextInt(text.length()), "{}[]\",:\\u0e-. \n\u0000x".charAt(random.nextInt(17)));
            }
            text.setLength(random.nextInt(text.length()) + 1);
            try {
                JsonReader.read(text.toString());
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageStartingWith("not JSON: ");
            }
        }
    }
}
