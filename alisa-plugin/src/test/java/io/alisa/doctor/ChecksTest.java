package io.alisa.doctor;

import io.alisa.tier.Machine;
import io.alisa.tier.SlowDirectory;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

import com.github.tjake.jlama.model.AbstractModel;
import io.alisa.config.Configuration;
import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceModules;
import io.alisa.device.DeviceStatus;
import io.alisa.device.FakeModule;
import io.alisa.doctor.Check.Mark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each group of checks by itself, where things are as they should be and where not. */
class ChecksTest {
    private static final long GIB = 1L << 30;
    private static final Machine MACHINE = new Machine(16 * GIB, OptionalLong.empty(), 4 * GIB);

    @TempDir
    Path directory = Path.of("");

    private static Configuration configuration(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Configuration.of(properties, Map.of());
    }

    // --- runtime

    private static Check flags(String options) {
        return flags(Map.of("JDK_JAVA_OPTIONS", options));
    }

    private static Check flags(Map<String, String> environment) {
        return RuntimeChecks.of("1.0", Runtime.version(), "VM", environment).getLast();
    }

    @Test
    void saysWhichFlagsTheApplicationNeeds() {
        assertThat(flags(Map.of()).mark()).isEqualTo(Mark.OK);
        assertThat(flags(Map.of()).text()).contains("-javaagent:alisa-plugin.jar",
                "--add-modules jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "JDK_JAVA_OPTIONS");
    }

    @Test
    void seesWhatJdkJavaOptionsLacks() {
        Check some = flags("-javaagent:/x/alisa-plugin.jar --enable-native-access=ALL-UNNAMED");
        assertThat(some.mark()).isEqualTo(Mark.WARN);
        assertThat(some.text()).endsWith("not --add-modules jdk.incubator.vector");
        assertThat(flags(
                "-javaagent:alisa-plugin.jar --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED"))
                .isEqualTo(Check.ok("application's JVM flags", "all in JDK_JAVA_OPTIONS"));
    }

    /** Containers often have the one that every JVM reads. */
    @Test
    void seesWhatJavaToolOptionsHolds() {
        String agent = "-javaagent:/x/alisa-plugin.jar";
        String modules = "--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED";
        assertThat(flags(Map.of("JAVA_TOOL_OPTIONS", agent + " " + modules)))
                .isEqualTo(Check.ok("application's JVM flags", "all in JAVA_TOOL_OPTIONS"));
        assertThat(flags(Map.of("JAVA_TOOL_OPTIONS", agent, "JDK_JAVA_OPTIONS", modules)))
                .isEqualTo(Check.ok("application's JVM flags", "all in JDK_JAVA_OPTIONS and JAVA_TOOL_OPTIONS"));
        assertThat(flags(Map.of("JAVA_TOOL_OPTIONS", modules)).text())
                .isEqualTo("JAVA_TOOL_OPTIONS holds some, not -javaagent:alisa-plugin.jar");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-javaagent:other.jar", "-javaagent:/alisa-plugin/other.jar", "-Dx=alisa-plugin.jar",
            "-javaagent:other.jar -cp /x/alisa-plugin.jar"})
    void anotherAgentIsNotOurs(String options) {
        Check check = flags(options + " --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED");
        assertThat(check.mark()).isEqualTo(Mark.WARN);
        assertThat(check.text()).endsWith("not -javaagent:alisa-plugin.jar");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-javaagent:other.jar -javaagent:/x/alisa-plugin-0.1.0.jar",
            "\"-javaagent:/our jars/alisa-plugin.jar\"", "-javaagent:'/our jars/alisa-plugin.jar'",
            "-javaagent:C:\\jars\\alisa-plugin.jar"})
    void ourAgentIsFound(String options) {
        assertThat(flags(options + " --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED").mark())
                .isEqualTo(Mark.OK);
    }

    @Test
    void aNewerJavaWasNotTried() {
        assertThat(RuntimeChecks.of("1.0", Runtime.Version.parse("25.0.3"), "VM", Map.of()).get(1).mark())
                .isEqualTo(Mark.OK);
        assertThat(RuntimeChecks.of("1.0", Runtime.Version.parse("26"), "VM", Map.of()).get(1))
                .isEqualTo(Check.warn("java", "26 (VM): newer than what was tried", "use Java 25"));
    }

    @Test
    void theSecondJvmHasTheSettingsTheBoundsAndTheDirectoriesOfTheFirst() {
        Properties properties = new Properties();
        properties.setProperty("java.home", "/jdk");
        properties.setProperty("java.class.path", "a.jar");
        properties.setProperty("java.io.tmpdir", "/private");
        properties.setProperty("user.home", "/me");
        properties.setProperty("alisa.backend", "scalar");
        properties.setProperty("other", "x");
        List<String> command = VectorJvm.command(List.of("profile"),
                List.of("-Xmx12g", "-XX:MaxRAMPercentage=30", "-Xother"),
                properties);
        assertThat(command).startsWith("/jdk/bin/java").endsWith("io.alisa.doctor.Main", "profile")
                .contains("-Xmx12g", "-XX:MaxRAMPercentage=30", "-Djava.io.tmpdir=/private", "-Duser.home=/me",
                        "-Dalisa.backend=scalar")
                .noneMatch(word -> word.contains("other"));
    }

    @Test
    void classesOutsideTheJarHaveNoVersion() {
        List<Check> checks = RuntimeChecks.of(null, Runtime.version(), "VM", Map.of());
        assertThat(checks.getFirst().mark()).isEqualTo(Mark.WARN);
        assertThat(RuntimeChecks.of("1.2.3", Runtime.version(), "VM", Map.of()).getFirst())
                .isEqualTo(Check.ok("plugin", "1.2.3"));
    }

    // --- host

    @Test
    void theHostsJarIsRecognised() throws URISyntaxException {
        Check check = hostBehind(directory);
        assertThat(check.mark()).as(check.text()).isEqualTo(Mark.OK);
        assertThat(check.text()).startsWith("Jlama 0.8.4 in ");
    }

    /** The host, on a class path that begins with {@code directory}. */
    private static Check hostBehind(Path directory) throws URISyntaxException {
        return HostChecks.of(directory + File.pathSeparator + jarOfTheHost());
    }

    private static Path jarOfTheHost() throws URISyntaxException {
        return Path.of(AbstractModel.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** The version is what its jar states. */
    @Test
    void onlyVersionsThatWereComparedAreFine() throws IOException, URISyntaxException {
        Path stated = directory.resolve("META-INF/maven/com.github.tjake/jlama-core/pom.properties");
        Files.createDirectories(stated.getParent());
        Files.writeString(stated, "version=0.8.3");
        assertThat(hostBehind(directory).mark()).as("compared, see HostVersionIT").isEqualTo(Mark.OK);
        Files.writeString(stated, "version=0.8.5");
        assertThat(hostBehind(directory).mark()).isEqualTo(Mark.WARN);
        assertThat(hostBehind(directory).text()).contains("Jlama 0.8.5", "never compared");
    }

    @Test
    void theHostIsFoundOnTheOwnClassPath() {
        assertThat(HostChecks.of(null).text()).startsWith("Jlama 0.8.4 on this class path");
    }

    @Test
    void aPathWithoutTheHostFails() {
        Check nothing = HostChecks.of(directory.toString());
        assertThat(nothing.mark()).isEqualTo(Mark.FAIL);
        assertThat(nothing.text()).startsWith("no Jlama in ");
        Check missing = HostChecks.of(directory.resolve("x.jar").toString());
        assertThat(missing.mark()).isEqualTo(Mark.FAIL);
        assertThat(missing.text()).startsWith("there is no '");
        assertThat(missing.remedy()).contains("--host");
        Check wrong = HostChecks.of("\0");
        assertThat(wrong.mark()).isEqualTo(Mark.FAIL);
        assertThat(wrong.text()).contains("can't be used: java.nio.file.InvalidPathException");
    }

    @Test
    void anotherHostFailsWithWhatDiffers() throws IOException {
        Path landmark = directory.resolve("com/github/tjake/jlama/model/AbstractModel.class");
        Files.createDirectories(landmark.getParent());
        try (var in = AbstractModel.class.getResourceAsStream("AbstractModel.class")) {
            Files.write(landmark, in == null ? new byte[0] : in.readAllBytes());
        }
        Check check = HostChecks.of(directory.toString());
        assertThat(check.mark()).isEqualTo(Mark.FAIL);
        assertThat(check.text()).startsWith("Jlama unknown in ").contains("runs untouched: expected class ")
                .containsPattern("\\(and \\d+ more\\)");
        assertThat(check.remedy()).isEqualTo("use Jlama 0.8.4");
    }

    @Test
    void aDamagedHostIsSaidToBeDamaged() throws IOException, URISyntaxException {
        Path jar = directory.resolve("jlama-core-0.8.4.jar");
        try (JarFile host = new JarFile(jarOfTheHost().toFile());
                JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (JarEntry entry : Collections.list(host.entries())) {
                out.putNextEntry(new JarEntry(entry.getName()));
                out.write(entry.getName().endsWith("/model/AbstractModel.class")
                        ? "damaged".getBytes(StandardCharsets.UTF_8)
                        : host.getInputStream(entry).readAllBytes());
            }
        }
        Check check = HostChecks.of(jar.toString());
        assertThat(check.mark()).isEqualTo(Mark.FAIL);
        assertThat(check.text()).startsWith("Jlama in '" + jar + "' is damaged: ");
        assertThat(check.remedy()).isEqualTo("download it again");
    }

    // --- Vector API

    @Test
    void theVectorApiIsThereWithItsWidth() {
        Check check = VectorChecks.ofProcess(configuration());
        assertThat(check.mark()).isEqualTo(Mark.OK);
        assertThat(check.text()).matches("vector \\(\\d+ bit\\) kernels");
    }

    @Test
    void theKernelsAreThoseThatAreAskedFor() {
        Check check = VectorChecks.ofProcess(configuration("alisa.backend", "scalar"));
        assertThat(check.mark()).isEqualTo(Mark.WARN);
        assertThat(check.text()).isEqualTo("scalar kernels");
        assertThat(check.remedy()).contains("alisa.backend=scalar was asked for");
    }

    /** The host's first tensor is one of its vectors. */
    @Test
    void withoutTheVectorApiNoModelIsLoadedAndTheFlagIsSaid() {
        assertThat(VectorChecks.absent(true).mark()).isEqualTo(Mark.WARN);
        assertThat(VectorChecks.absent(true).remedy()).contains("--add-modules jdk.incubator.vector",
                "without it Jlama can't load a model");
        assertThat(VectorChecks.absent(false).mark()).isEqualTo(Mark.FAIL);
        assertThat(VectorChecks.absent(false).text()).contains("built without it", "can't load a model");
    }

    // --- configuration

    private static List<String> idle(String... settings) {
        return ConfigurationChecks.of(configuration(settings)).stream().filter(check -> check.mark() == Mark.WARN)
                .map(check -> check.text().replaceAll(" has no effect.*", "")).toList();
    }

    @Test
    void aSettingThatChangesNothingIsSaid() {
        String[] sparse = {"alisa.sparse.policy", "h2o", "alisa.sparse.min-context", "64", "alisa.backend", "scalar"};
        assertThat(idle(sparse)).containsExactly("alisa.sparse.policy", "alisa.sparse.min-context");
        String[] files = {"alisa.memory.slow", "1g", "alisa.recompute", "off", "alisa.memory.slow-dir", "/x",
                "alisa.memory.fast", "1g"};
        assertThat(idle(files)).containsExactly("alisa.memory.slow", "alisa.memory.slow-dir", "alisa.recompute");
        assertThat(idle("alisa.sparse", "true", sparse[0], sparse[1], files[0], files[1])).isEmpty();
        assertThat(idle("alisa.kv.type", "int8", files[0], files[1], "alisa.sparse.caching-ratio", "0.1"))
                .containsExactly("alisa.sparse.caching-ratio");
        assertThat(idle("alisa.kv.type", "host", "alisa.sparse", "true", files[0], files[1]))
                .containsExactly("alisa.memory.slow");
    }

    // --- memory

    private static Check memory(Machine machine, String... settings) {
        return MemoryChecks.of(configuration(settings), machine).getFirst();
    }

    private static Check disk(String... settings) {
        Configuration configuration = configuration(
                Stream.concat(Stream.of("alisa.kv.type", "int8"), Arrays.stream(settings)).toArray(String[]::new));
        return MemoryChecks.of(configuration, MACHINE).getLast();
    }

    @Test
    void theFastLimitIsComparedWithTheMachine() {
        assertThat(memory(MACHINE))
                .isEqualTo(Check.ok("memory", "16.0 GiB RAM; auto: 8.0 GiB beside a heap of up to 4.0 GiB"));
        assertThat(memory(MACHINE, "alisa.memory.fast", "4g").mark()).isEqualTo(Mark.OK);
        assertThat(memory(MACHINE, "alisa.memory.fast", "12g").mark()).isEqualTo(Mark.WARN);
        assertThat(memory(MACHINE, "alisa.memory.fast", "17g").mark()).isEqualTo(Mark.FAIL);
        for (String bytes : List.of("0", "512", "15m")) {
            assertThat(memory(MACHINE, "alisa.memory.fast", bytes).mark()).as(bytes).isEqualTo(Mark.WARN);
        }
        assertThat(memory(MACHINE, "alisa.memory.fast", "16m").mark()).isEqualTo(Mark.OK);
    }

    /** A cap and a heap that each fit alone. */
    @Test
    void theHeapAndTheFastLimitMustFitTogether() {
        Check explicit = memory(MACHINE, "alisa.memory.fast", "13g");
        assertThat(explicit.mark()).isEqualTo(Mark.WARN);
        assertThat(explicit.text())
                .endsWith("is 13.0 GiB beside a heap of up to 4.0 GiB: together more than there is");
        assertThat(explicit.remedy()).contains("lower one of them", "weights", "-Xmx");
        Check auto = memory(new Machine(16 * GIB, OptionalLong.of(8 * GIB), 15 * GIB / 2));
        assertThat(auto.mark()).isEqualTo(Mark.WARN);
        assertThat(auto.text())
                .endsWith("auto: 1.0 GiB beside a heap of up to 7.5 GiB: together more than there is");
    }

    @Test
    void aContainersLimitCounts() {
        Machine container = new Machine(16 * GIB, OptionalLong.of(2 * GIB), GIB / 2);
        assertThat(memory(container).text()).contains("the container may use 2.0 GiB; auto: 1.0 GiB");
        Machine largeHeap = new Machine(16 * GIB, OptionalLong.empty(), 12 * GIB);
        assertThat(memory(largeHeap).text()).contains("auto: 2.0 GiB beside a heap of up to 12.0 GiB");
        assertThat(memory(container, "alisa.memory.fast", "4g").mark()).isEqualTo(Mark.FAIL);
    }

    @Test
    void theContainersLimitIsReadFromControlGroups() throws IOException {
        Path two = Files.writeString(directory.resolve("memory.max"), "2147483648\n");
        Path none = Files.writeString(directory.resolve("max"), "max\n");
        Path huge = Files.writeString(directory.resolve("limit"), "9223372036854771712\n");
        Path absent = directory.resolve("absent");
        assertThat(Machine.limit(List.of(two, absent), 16 * GIB)).hasValue(2 * GIB);
        assertThat(Machine.limit(List.of(absent, two), 16 * GIB)).hasValue(2 * GIB);
        assertThat(Machine.limit(List.of(none, huge, absent), 16 * GIB)).isEmpty();
        assertThat(Machine.ofProcess().usable()).isPositive();
    }

    @Test
    void theSlowLimitIsComparedWithTheDisk() {
        String dir = directory.toString();
        SlowDirectory onDisk = new SlowDirectory(directory, "ext4", 8 * GIB);
        assertThat(MemoryChecks.free("auto", onDisk, 2 * GIB))
                .isEqualTo(Check.ok("slow tier", "8.0 GiB free in " + dir + "; auto: 4.0 GiB, half of that"));
        assertThat(MemoryChecks.free("auto", onDisk, 1024).text())
                .endsWith("auto: 8.0 KiB, eight times alisa.memory.fast");
        assertThat(MemoryChecks.free("1k", onDisk, GIB).mark()).isEqualTo(Mark.OK);
        assertThat(disk("alisa.memory.slow-dir", dir).text()).contains(dir).contains("; auto: ");
        assertThat(disk("alisa.memory.slow-dir", dir, "alisa.memory.slow", "8000t").mark())
                .isEqualTo(Mark.FAIL);
        assertThat(disk("alisa.memory.slow", "0").text()).startsWith("none");
        assertThat(disk("alisa.memory.slow-dir", dir + "/absent").mark()).isEqualTo(Mark.FAIL);
        assertThat(disk("alisa.memory.slow-dir", "\0").mark()).isEqualTo(Mark.FAIL);
        assertThat(disk("alisa.memory.slow-dir", "\0").text()).contains("InvalidPathException");
    }

    /** Exact sessions have no files, and so have sparse ones that keep floats. */
    @Test
    void filesThatNoSessionWritesDoNotFail() {
        String[] full = {"alisa.memory.slow-dir", directory.toString(), "alisa.memory.slow", "8000t"};
        Check exact = MemoryChecks.of(configuration(full), MACHINE).getLast();
        assertThat(exact.mark()).isEqualTo(Mark.WARN);
        assertThat(exact.text()).endsWith("more than there is; not used in exact mode");
        assertThat(disk(full[0], full[1], full[2], full[3], "alisa.kv.type", "host").mark()).isEqualTo(Mark.WARN);
        assertThat(disk(full[0], full[1], full[2], full[3], "alisa.kv.type", "host", "alisa.sparse", "true").text())
                .endsWith("not used with alisa.kv.type=host");
        assertThat(disk(full[0], full[1], full[2], full[3], "alisa.kv.type", "", "alisa.sparse", "true").text())
                .doesNotContain("not used");
    }

    @Test
    void filesThatAreRamAreNoSlowTier() {
        SlowDirectory inRam = new SlowDirectory(Path.of("/tmp"), "tmpfs", 8 * GIB);
        String remedy = "set alisa.memory.slow-dir to a directory on a disk, for instance /var/tmp";
        assertThat(MemoryChecks.free("auto", inRam, GIB))
                .isEqualTo(Check.warn("slow tier", "/tmp is tmpfs, which is RAM itself; auto: none", remedy));
        assertThat(MemoryChecks.free("2g", inRam, GIB)).isEqualTo(Check.warn("slow tier",
                "/tmp is tmpfs, which is RAM itself; alisa.memory.slow is 2.0 GiB", remedy));
        assertThat(MemoryChecks.free("9g", inRam, GIB).mark()).isEqualTo(Mark.FAIL);
    }

    // --- devices

    private static DeviceModules found(DeviceModule... modules) {
        return new DeviceModules(List.of(modules), null);
    }

    @Test
    void withoutAModuleTheCpuComputes() {
        assertThat(DeviceChecks.of(found(), "auto", null)).singleElement().extracting(Check::mark)
                .isEqualTo(Mark.OK);
        assertThat(DeviceChecks.of(found(), "cuda", null)).singleElement().extracting(Check::mark)
                .isEqualTo(Mark.WARN);
    }

    @Test
    void aModuleThatDoesNotFitIsNamed() {
        assertThat(DeviceChecks.of(new DeviceModules(List.of(), "an old one"), "auto", null)).singleElement()
                .isEqualTo(Check.warn("CUDA", "an old one", "use the jars of one version"));
    }

    @Test
    void aModuleSaysWhatItFound() {
        DeviceModule good = new FakeModule("CUDA", new DeviceStatus(true, "a GPU", null));
        DeviceModule bad = new FakeModule("CUDA", new DeviceStatus(false, "no driver", "install it"));
        assertThat(DeviceChecks.of(found(good, bad), "auto", null)).containsExactly(
                Check.ok("CUDA", "a GPU; INT8 sessions use it, dense and sparse"),
                Check.warn("CUDA", "no driver", "install it"));
        assertThat(DeviceChecks.of(found(good), "vector", null)).containsExactly(
                Check.ok("CUDA", "a GPU; not used, alisa.backend is vector"));
    }

    @Test
    void anotherUsersLibraryIsNotLoaded() {
        DeviceModule unasked = new FakeModule("CUDA", new DeviceStatus(true, "a GPU", null)) {
            @Override
            public DeviceStatus probe() {
                throw new AssertionError("asking it would load the library");
            }
        };
        Check check = DeviceChecks.of(found(unasked), "auto", directory.resolve("libJCudaDriver.so")).getFirst();
        assertThat(check.mark()).isEqualTo(Mark.WARN);
        assertThat(check.text()).contains("libJCudaDriver.so", "another user's");
        assertThat(check.remedy()).contains("-Djava.io.tmpdir", "java.library.path");
    }

    @Test
    void whoseTheLibraryIsIsLookedAt() throws IOException {
        Path library = Files.createFile(directory.resolve("libJCudaDriver-1.so"));
        UserPrincipal owner = Files.getOwner(library);
        UserPrincipal another = () -> "another";
        assertThat(UnpackedLibrary.foreign(directory, "", owner)).isNull();
        assertThat(UnpackedLibrary.foreign(directory, "/none", another)).isEqualTo(library);
        assertThat(UnpackedLibrary.foreign(directory, "/none:" + directory, another)).as("found before").isNull();
    }
}
