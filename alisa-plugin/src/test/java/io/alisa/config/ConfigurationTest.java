package io.alisa.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
    /** The published table: key, environment twin, default (empty: none). Not to be derived from the code. */
    private static final List<List<String>> CONTRACT = List.of(
            List.of("alisa.enabled", "ALISA_ENABLED", "true"),
            List.of("alisa.config-file", "ALISA_CONFIG_FILE", ""),
            List.of("alisa.sparse", "ALISA_SPARSE", "false"),
            List.of("alisa.sparse.policy", "ALISA_SPARSE_POLICY", "swa"),
            List.of("alisa.sparse.caching-ratio", "ALISA_SPARSE_CACHING_RATIO", "0.2"),
            List.of("alisa.sparse.min-context", "ALISA_SPARSE_MIN_CONTEXT", "256"),
            List.of("alisa.kv.type", "ALISA_KV_TYPE", ""),
            List.of("alisa.memory.fast", "ALISA_MEMORY_FAST", "auto"),
            List.of("alisa.memory.slow", "ALISA_MEMORY_SLOW", "auto"),
            List.of("alisa.memory.slow-dir", "ALISA_MEMORY_SLOW_DIR", ""),
            List.of("alisa.recompute", "ALISA_RECOMPUTE", "auto"),
            List.of("alisa.prefix.scope", "ALISA_PREFIX_SCOPE", "model"),
            List.of("alisa.backend", "ALISA_BACKEND", "auto"));

    @TempDir
    Path directory = Path.of("");

    private static Properties properties(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return properties;
    }

    private String file(String... lines) throws IOException {
        return Files.write(directory.resolve("alisa.properties"), List.of(lines)).toString();
    }

    @Test
    void everySettingOfTheContractIsThereWithItsTwinAndDefault() {
        assertThat(Arrays.stream(Setting.values())
                .map(s -> List.of(s.key(), s.environmentKey(), s.defaultText())))
                .containsExactlyElementsOf(CONTRACT);
    }

    @Test
    void nothingSetMeansDefaultsAndNoWarning() {
        Configuration configuration = Configuration.of(new Properties(), Map.of());
        for (Setting setting : Setting.values()) {
            assertThat(configuration.value(setting))
                    .isEqualTo(new Configuration.Value(setting.defaultText(), "default"));
        }
        assertThat(configuration.warnings()).isEmpty();
        assertThat(configuration.flag(Setting.ENABLED)).isTrue();
        assertThat(configuration.flag(Setting.SPARSE)).isFalse();
    }

    @Test
    void aPropertyWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
        String file = file("alisa.sparse.policy=h2o", "alisa.backend=scalar", "alisa.recompute=off");
        Configuration configuration = Configuration.of(
                properties("alisa.config-file", file, "alisa.sparse.policy", "local"),
                Map.of("ALISA_SPARSE_POLICY", "strided", "ALISA_BACKEND", "vector"));
        assertThat(configuration.value(Setting.SPARSE_POLICY))
                .isEqualTo(new Configuration.Value("local", "system property"));
        assertThat(configuration.value(Setting.BACKEND))
                .isEqualTo(new Configuration.Value("vector", "environment ALISA_BACKEND"));
        assertThat(configuration.value(Setting.RECOMPUTE))
                .isEqualTo(new Configuration.Value("off", "file " + file));
        assertThat(configuration.value(Setting.KV_TYPE).source()).isEqualTo("default");
        assertThat(configuration.warnings()).isEmpty();
    }

    /** A compose file's {@code ${X}} is empty where nobody set X: that must not switch us off, nor hide the file. */
    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t"})
    void aBlankVariableIsNotSet(String blank) throws IOException {
        Configuration configuration = Configuration.of(properties("alisa.config-file", file("alisa.sparse=true")),
                Map.of("ALISA_ENABLED", blank, "ALISA_SPARSE", blank, "ALISA_MEMORY_FAST", blank,
                        "ALISA_CONFIG_FILE", blank, "ALISA_PREFIX_SCOPE", blank));
        assertThat(configuration.warnings()).isEmpty();
        assertThat(configuration.flag(Setting.ENABLED)).isTrue();
        assertThat(configuration.flag(Setting.SPARSE)).isTrue();
        assertThat(configuration.value(Setting.PREFIX_SCOPE)).isEqualTo(new Configuration.Value("model", "default"));
    }

    /** Or a session that begins just then would have other settings than those before and after it. */
    @Test
    void aFileThatCannotBeReadForAMomentSaysWhatItSaid() throws IOException {
        String file = file("alisa.prefix.scope=session");
        Properties system = properties("alisa.config-file", file);
        assertThat(Configuration.of(system, Map.of()).text(Setting.PREFIX_SCOPE)).isEqualTo("session");
        Files.delete(Path.of(file));
        Configuration meanwhile = Configuration.of(system, Map.of());
        assertThat(meanwhile.text(Setting.PREFIX_SCOPE)).isEqualTo("session");
        assertThat(meanwhile.warnings()).singleElement().asString().contains("with what it said before");
        file("alisa.prefix.scope=off");
        Configuration after = Configuration.of(system, Map.of());
        assertThat(after.text(Setting.PREFIX_SCOPE)).isEqualTo("off");
        assertThat(after.warnings()).isEmpty();
    }

    /** Who writes into a file that is there empties it first. */
    @Test
    void aFileThatIsJustBeingWrittenSaysWhatItSaid() throws IOException {
        String file = file("alisa.prefix.scope=session");
        Properties system = properties("alisa.config-file", file);
        assertThat(Configuration.of(system, Map.of()).text(Setting.PREFIX_SCOPE)).isEqualTo("session");
        Files.writeString(Path.of(file), "");
        Configuration meanwhile = Configuration.of(system, Map.of());
        assertThat(meanwhile.text(Setting.PREFIX_SCOPE)).isEqualTo("session");
        assertThat(meanwhile.warnings()).singleElement().asString().contains("it is empty").contains("said before");
        file("# nothing");
        assertThat(Configuration.of(system, Map.of()).text(Setting.PREFIX_SCOPE)).isEqualTo("model");
        file("");
        assertThat(Configuration.of(system, Map.of()).warnings()).as("it said nothing before").isEmpty();
    }

    @Test
    void theEnvironmentMayNameTheFile() throws IOException {
        Configuration configuration = Configuration.of(new Properties(),
                Map.of("ALISA_CONFIG_FILE", file("alisa.sparse=true")));
        assertThat(configuration.flag(Setting.SPARSE)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"SPARSE,maybe", "SPARSE,''", "SPARSE,2", "SPARSE_POLICY,best",
            "CACHING_RATIO,0", "CACHING_RATIO,1.01", "CACHING_RATIO,-0.2", "CACHING_RATIO,NaN",
            "CACHING_RATIO,20%", "MIN_CONTEXT,-1", "MIN_CONTEXT,many", "MIN_CONTEXT,12345678901",
            "KV_TYPE,int4", "MEMORY_FAST,lots", "MEMORY_FAST,-5g", "MEMORY_FAST,999999999999999t",
            "MEMORY_SLOW,5 x", "RECOMPUTE,on", "BACKEND,gpu"})
    void aValueThatMakesNoSenseWarnsAndTheDefaultHolds(Setting setting, String bad) {
        Configuration configuration = Configuration.of(properties(setting.key(), bad),
                Map.of(setting.environmentKey(), setting.defaultText()));
        assertThat(configuration.text(setting)).isEqualTo(setting.defaultText());
        assertThat(configuration.value(setting).source()).startsWith("default, because");
        assertThat(configuration.warnings()).singleElement().asString()
                .startsWith(setting.key() + "='" + bad + "' (system property) is not ");
    }

    /** Who touched it meant to share less than all. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "user", "", "sesion"})
    void aScopeThatIsNoneSharesNothing(String scope) {
        Configuration configuration = Configuration.of(properties("alisa.prefix.scope", scope), Map.of());
        assertThat(configuration.text(Setting.PREFIX_SCOPE)).isEqualTo("off");
        assertThat(configuration.warnings()).singleElement().asString().contains("using off");
    }

    @ParameterizedTest
    @EnumSource(value = Setting.class, names = {"CONFIG_FILE", "SLOW_DIR"}, mode = EnumSource.Mode.EXCLUDE)
    void everySettingButTheTextsChecksItsValue(Setting setting) {
        assertThat(Configuration.of(properties(setting.key(), "no such thing"), Map.of()).warnings())
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"SPARSE,true", "SPARSE,false", "SPARSE_POLICY,swa-paper", "SPARSE_POLICY,streaming-llm",
            "SPARSE_POLICY,dense", "CACHING_RATIO,1", "CACHING_RATIO,0.05", "MIN_CONTEXT,0", "KV_TYPE,host",
            "KV_TYPE,int8", "MEMORY_FAST,512m", "MEMORY_SLOW,0", "MEMORY_SLOW,8g", "MEMORY_FAST,auto",
            "RECOMPUTE,off", "BACKEND,cuda", "BACKEND,scalar", "SLOW_DIR,somewhere else"})
    void whatMakesSenseHolds(Setting setting, String value) {
        Configuration configuration = Configuration.of(properties(setting.key(), " " + value + " "),
                Map.of());
        assertThat(configuration.text(setting)).isEqualTo(value);
        assertThat(configuration.warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"ENABLED,FALSE,false", "ENABLED,False,false", "ENABLED,0,false", "ENABLED,off,false",
            "ENABLED,No,false",
            "ENABLED,TRUE,true", "ENABLED,1,true", "SPARSE,Yes,true", "SPARSE,ON,true", "SPARSE,0,false",
            "SPARSE_POLICY,SWA-Paper,swa-paper", "KV_TYPE,INT8,int8", "BACKEND,Scalar,scalar", "RECOMPUTE,OFF,off",
            "PREFIX_SCOPE,Session,session", "MEMORY_FAST,AUTO,auto", "MEMORY_SLOW,2G,2g",
            "MEMORY_FAST,1.5 GiB,1.5 gib"})
    void otherSpellingsMeanTheSame(Setting setting, String spelled, String value) {
        Configuration configuration = Configuration.of(new Properties(), Map.of(setting.environmentKey(), spelled));
        assertThat(configuration.value(setting))
                .isEqualTo(new Configuration.Value(value, "environment " + setting.environmentKey()));
        assertThat(configuration.warnings()).isEmpty();
        assertThat(configuration.doubtfullyOff()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"disabled", "flase", "2", ""})
    void aSwitchThatIsNotUnderstoodIsOff(String text) {
        Configuration configuration = Configuration.of(properties("alisa.enabled", text), Map.of());
        assertThat(configuration.flag(Setting.ENABLED)).isFalse();
        assertThat(configuration.value(Setting.ENABLED).source())
                .isEqualTo("false, because the system property is not valid");
        String warning = "alisa.enabled='" + text + "' (system property) is not true or false: using false";
        assertThat(configuration.warnings()).containsExactly(warning);
        assertThat(configuration.doubtfullyOff()).isEqualTo(warning + "; set it to true, or remove it");
    }

    @Test
    void aDirectoryKeepsItsCase() {
        assertThat(Configuration.of(properties("alisa.memory.slow-dir", "/Some/Where"), Map.of())
                .text(Setting.SLOW_DIR)).isEqualTo("/Some/Where");
    }

    @Test
    void anUnknownKeyWarns() throws IOException {
        Configuration configuration = Configuration.of(
                properties("alisa.spares", "true", "other.key", "x", "alisa.config-file",
                        file("alisa.fast=1g")),
                Map.of("ALISA_SPARSE_RATIO", "0.1", "ALISA_BACKEND", "scalar", "OTHER_ALISA_KEY", "x"));
        assertThat(configuration.warnings()).hasSize(3)
                .anyMatch(w -> w.startsWith("'ALISA_SPARSE_RATIO' is not a setting"))
                .anyMatch(w -> w.startsWith("'alisa.spares' is not a setting"))
                .anyMatch(w -> w.startsWith("'alisa.fast' is not a setting"));
    }

    /** The file is ours alone, so what looks like a setting without its prefix, or like its twin, was meant to be one. */
    @Test
    void everyKeyOfTheFileThatIsNoSettingWarns() throws IOException {
        Configuration configuration = Configuration.of(
                properties("alisa.config-file", file("sparse=true", "ALISA_SPARSE=true", "alisa.backend=scalar")),
                Map.of());
        assertThat(configuration.warnings()).hasSize(2)
                .anyMatch(w -> w.startsWith("'sparse' is not a setting"))
                .anyMatch(w -> w.startsWith("'ALISA_SPARSE' is not a setting"));
        assertThat(configuration.flag(Setting.SPARSE)).isFalse();
    }

    @Test
    void aByteOrderMarkIsNoPartOfTheFirstKey() throws IOException {
        Configuration configuration = Configuration.of(
                properties("alisa.config-file", file("\uFEFFalisa.sparse=true")), Map.of());
        assertThat(configuration.flag(Setting.SPARSE)).isTrue();
        assertThat(configuration.warnings()).isEmpty();
    }

    @Test
    void aFileThatIsNotUtf8OrHasAPathWithBackslashesSaysSo() throws IOException {
        Path latin = Files.write(directory.resolve("latin"), new byte[]{'a', '=', (byte) 0xe4, '\n'});
        assertThat(Configuration.of(properties("alisa.config-file", latin.toString()), Map.of()).warnings())
                .singleElement().asString().contains("it is not UTF-8): going on");
        String windows = file("alisa.memory.slow-dir=C:\\users\\me");
        assertThat(Configuration.of(properties("alisa.config-file", windows), Map.of()).warnings())
                .singleElement().asString().contains("; write / or \\\\ in paths): going on");
    }

    @Test
    void aFileThatCannotBeReadWarnsAndIsLeftOut() throws IOException {
        Path binary = Files.write(directory.resolve("binary"),
                new byte[]{(byte) 0xff, (byte) 0xfe, (byte) 0xfd});
        for (String path : List.of(directory.resolve("none").toString(), directory.toString(), "\0",
                binary.toString(), file("alisa.sparse=\\u12"))) {
            Configuration configuration = Configuration.of(properties("alisa.config-file", path), Map.of());
            assertThat(configuration.warnings()).as("%s", path).singleElement().asString()
                    .contains("can't be read").contains("going on without it");
            assertThat(configuration.flag(Setting.SPARSE)).isFalse();
        }
    }

    /** It may say that we are not wanted, or that nothing is to be shared. */
    @Test
    void whatAFileMaySayThatCannotBeReadIsOffInDoubt() throws IOException {
        Path latin = Files.write(directory.resolve("latin"),
                "# caf\u00e9\nalisa.enabled=false\nalisa.prefix.scope=off".getBytes(StandardCharsets.ISO_8859_1));
        Configuration configuration = Configuration.of(properties("alisa.config-file", latin.toString()), Map.of());
        assertThat(configuration.flag(Setting.ENABLED)).isFalse();
        assertThat(configuration.text(Setting.PREFIX_SCOPE)).isEqualTo("off");
        assertThat(configuration.value(Setting.PREFIX_SCOPE).source()).isEqualTo("off, because the file can't be read");
        assertThat(configuration.doubtfullyOff()).contains("it is not UTF-8", "alisa.enabled is off",
                "correct alisa.config-file");
        Configuration wanted = Configuration.of(
                properties("alisa.config-file", latin.toString(), "alisa.prefix.scope", "model"),
                Map.of("ALISA_ENABLED", "true"));
        assertThat(wanted.flag(Setting.ENABLED)).isTrue();
        assertThat(wanted.text(Setting.PREFIX_SCOPE)).isEqualTo("model");
        assertThat(wanted.doubtfullyOff()).isNull();
    }

    /** Some exceptions' message is the path and nothing else. */
    @Test
    void whyAFileCannotBeReadIsSaid() {
        String path = directory.resolve("none").toString();
        assertThat(Configuration.of(properties("alisa.config-file", path), Map.of()).warnings()).singleElement()
                .asString().contains("NoSuchFileException");
    }
}
