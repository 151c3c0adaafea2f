package io.alisa.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import io.alisa.attention.FakeDevice;
import io.alisa.config.Configuration;
import io.alisa.device.Device;
import io.alisa.device.DeviceFullException;
import io.alisa.device.DeviceLostException;
import io.alisa.device.DeviceModules;
import io.alisa.device.DeviceShape;
import io.alisa.device.DeviceStatus;
import io.alisa.device.DeviceTier;
import io.alisa.device.FakeModule;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessDeviceTest {
    @TempDir
    Path directory = Path.of("");

    /** The device that a module opened last. */
    private static @Nullable FakeDevice opened;

    private final ProcessDevice devices = new ProcessDevice();
    private final List<String> warnings = new ArrayList<>();

    /** Has a device of 1000 bytes. */
    public static final class Good extends FakeModule {
        /** Called by ServiceLoader. */
        public Good() {
            super("GOOD", new DeviceStatus(true, "a good one", null));
        }

        @Override
        public Device open(MemoryBudget budget, MemoryBudget ram) {
            budget.setCap(1000);
            opened = new FakeDevice(budget);
            return opened;
        }
    }

    /** Finds no memory for what it tells its device. */
    public static final class Starved extends FakeModule {
        /** Called by ServiceLoader. */
        public Starved() {
            super("STARVED", new DeviceStatus(true, "it seems to be good", null));
        }

        @Override
        public Device open(MemoryBudget budget, MemoryBudget ram) {
            throw new OutOfMemoryError("Cannot reserve direct buffer memory");
        }
    }

    /** Is of another version, and has no method that this one asks for. */
    public static final class Older extends FakeModule {
        /** Called by ServiceLoader. */
        public Older() {
            super("OLDER", new DeviceStatus(false, "it is never asked", null));
        }

        @Override
        public DeviceStatus probe() {
            throw new AbstractMethodError("probe()");
        }
    }

    /** Likewise, but finds out later. */
    public static final class Mixed extends FakeModule {
        /** Called by ServiceLoader. */
        public Mixed() {
            super("MIXED", new DeviceStatus(true, "a good one, it seems", null));
        }

        @Override
        public Device open(MemoryBudget budget, MemoryBudget ram) {
            throw new NoSuchMethodError("cap()");
        }
    }

    /** Has one that opens, and then does not even say how large it is. */
    public static final class Dying extends FakeModule {
        /** Called by ServiceLoader. */
        public Dying() {
            super("DYING", new DeviceStatus(true, "a good one, it seems", null));
        }

        @Override
        public Device open(MemoryBudget budget, MemoryBudget ram) {
            FakeDevice behind = new FakeDevice(budget);
            opened = behind;
            return (Device) Proxy.newProxyInstance(Device.class.getClassLoader(), new Class<?>[]{Device.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("freeBytes")) {
                            throw new DeviceLostException("it is dying");
                        }
                        return method.invoke(behind, arguments);
                    });
        }
    }

    /** Has one that does not open. */
    public static final class Stuck extends FakeModule {
        /** Called by ServiceLoader. */
        public Stuck() {
            super("STUCK", new DeviceStatus(true, "a good one, it seems", null));
        }

        @Override
        public Device open(MemoryBudget budget, MemoryBudget ram) {
            throw new DeviceLostException("it is stuck");
        }
    }

    /** Has one that finds room at the third attempt. */
    public static final class Crowded extends FakeModule {
        private static int attempts;

        /** Called by ServiceLoader. */
        public Crowded() {
            super("CROWDED", new DeviceStatus(true, "a good one, it seems", null));
        }

        @Override
        public Device open(MemoryBudget budget, MemoryBudget ram) {
            if (++attempts < 3) {
                throw new DeviceFullException("somebody else has all there is");
            }
            budget.setCap(1000);
            return new FakeDevice(budget);
        }
    }

    /** Has none. */
    public static final class Absent extends FakeModule {
        /** Called by ServiceLoader. */
        public Absent() {
            super("ABSENT", new DeviceStatus(false, "nothing there", "buy one"));
        }
    }

    private static Configuration configuration(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Configuration.of(properties, Map.of());
    }

    /** A class path with those modules. */
    private URLClassLoader loader(Class<?>... modules) throws IOException {
        Path file = directory.resolve("META-INF/services/io.alisa.device.DeviceModule");
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(modules).stream().map(Class::getName).toList());
        return new URLClassLoader(new URL[]{directory.toUri().toURL()}, getClass().getClassLoader());
    }

    @Test
    void theFirstThatCanBeUsedIsOpenedOnce() throws IOException {
        try (URLClassLoader loader = loader(Absent.class, Good.class)) {
            DeviceTier tier = Objects.requireNonNull(devices.tier(configuration(), loader, warnings::add));
            assertThat(tier.budget().cap()).as("a share of what is free").isEqualTo(800);
            assertThat(devices.tier(configuration("alisa.memory.fast", "500"), null, warnings::add)).isSameAs(tier);
            assertThat(tier.budget().cap()).isEqualTo(500);
            assertThat(devices.describe(configuration("alisa.memory.fast", "500")))
                    .isEqualTo("device: a fake device, KV 0 B of 500 B");
            assertThat(warnings).isEmpty();
        }
    }

    /** Two hosts in one process: what one of them saw last must not raise the cap that the other has set. */
    @Test
    void sayingWhatIsUsedSetsNoCap() throws IOException {
        try (URLClassLoader loader = loader(Good.class)) {
            DeviceTier tier = Objects.requireNonNull(
                    devices.tier(configuration("alisa.memory.fast", "500"), loader, warnings::add));
            assertThat(devices.describe(configuration("alisa.memory.fast", "700"))).endsWith("KV 0 B of 500 B");
            assertThat(tier.budget().cap()).isEqualTo(500);
        }
    }

    /** A cap of RAM may be larger than a card: what is free there is for the driver and for others, too. */
    @Test
    void noCapTakesAllOfTheDevice() throws IOException {
        try (URLClassLoader loader = loader(Good.class)) {
            Configuration large = configuration("alisa.memory.fast", "8g");
            DeviceTier tier = Objects.requireNonNull(devices.tier(large, loader, warnings::add));
            assertThat(tier.budget().cap()).isEqualTo(900);
            assertThat(devices.describe(large)).endsWith("KV 0 B of 900 B");
        }
    }

    @Test
    void otherBackendsUseNone() throws IOException {
        try (URLClassLoader loader = loader(Good.class)) {
            for (String backend : List.of("vector", "scalar")) {
                Configuration configuration = configuration("alisa.backend", backend);
                assertThat(devices.tier(configuration, loader, warnings::add)).isNull();
                assertThat(devices.describe(configuration)).isEqualTo("device: none, alisa.backend is " + backend);
            }
            assertThat(warnings).isEmpty();
            assertThat(devices.describe(configuration())).contains("none yet");
        }
    }

    @Test
    void whoAsksForOneIsToldOnceWhyThereIsNone() throws IOException {
        try (URLClassLoader loader = loader(Absent.class)) {
            assertThat(devices.tier(configuration(), loader, warnings::add)).isNull();
            assertThat(warnings).as("auto").isEmpty();
            Configuration cuda = configuration("alisa.backend", "cuda");
            assertThat(devices.tier(cuda, loader, warnings::add)).isNull();
            assertThat(devices.tier(cuda, loader, warnings::add)).isNull();
            assertThat(warnings).containsExactly(
                    "alisa.backend=cuda was asked for, but the CPU computes: nothing there; buy one");
            assertThat(devices.describe(cuda)).isEqualTo("device: none, nothing there; buy one");
        }
    }

    @Test
    void oneThatDoesNotOpenIsSaidOnce() throws IOException {
        try (URLClassLoader loader = loader(Stuck.class)) {
            for (String backend : List.of("auto", "cuda", "auto")) {
                assertThat(devices.tier(configuration("alisa.backend", backend), loader, warnings::add)).isNull();
            }
            assertThat(warnings).containsExactly("STUCK was found, but the CPU computes: it is stuck");
        }
    }

    /** Room may come: it is asked again, more and more rarely, and said once. */
    @Test
    void oneThatHasNoRoomIsAskedAgain() throws IOException {
        Crowded.attempts = 0;
        List<Integer> attempts = new ArrayList<>();
        try (URLClassLoader loader = loader(Crowded.class)) {
            DeviceTier tier = null;
            while (tier == null && attempts.size() < 10) {
                tier = devices.tier(configuration(), loader, warnings::add);
                attempts.add(Crowded.attempts);
            }
            assertThat(tier).isNotNull();
            assertThat(attempts).containsExactly(1, 2, 2, 3);
            assertThat(devices.tier(configuration(), loader, warnings::add)).isSameAs(tier);
        }
        assertThat(warnings)
                .containsExactly("CROWDED was found, but the CPU computes: somebody else has all there is");
    }

    /** Of two applications of a server only the second brings the module. */
    @Test
    void theModuleOfAnotherApplicationIsFound() throws IOException {
        try (URLClassLoader empty = new URLClassLoader(new URL[]{}, getClass().getClassLoader());
                URLClassLoader loader = loader(Good.class)) {
            assertThat(devices.tier(configuration(), empty, warnings::add)).isNull();
            assertThat(devices.describe(configuration())).contains("not on this class path");
            assertThat(devices.tier(configuration(), loader, warnings::add)).isNotNull();
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void aModuleThatCannotBeLoadedIsNoFailure() throws IOException {
        Path file = directory.resolve("META-INF/services/io.alisa.device.DeviceModule");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "there.is.no.such.Module\n");
        try (URLClassLoader loader = new URLClassLoader(new URL[]{directory.toUri().toURL()},
                getClass().getClassLoader())) {
            DeviceModules found = DeviceModules.find(loader);
            assertThat(found.usable()).isNull();
            assertThat(found.whyNone()).contains("there.is.no.such.Module").endsWith("use the jars of one version");
        }
    }

    /** Found, but not even loaded: the class file is none. */
    @Test
    void aModuleThatIsNoClassIsNoFailure() throws IOException {
        Path broken = directory.resolve("broken/Module.class");
        Files.createDirectories(broken.getParent());
        Files.writeString(broken, "not a class");
        Path file = directory.resolve("META-INF/services/io.alisa.device.DeviceModule");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "broken.Module\n");
        try (URLClassLoader loader = new URLClassLoader(new URL[]{directory.toUri().toURL()},
                getClass().getClassLoader())) {
            assertThat(devices.tier(configuration("alisa.backend", "cuda"), loader, warnings::add)).isNull();
            assertThat(warnings).singleElement().asString().contains("ClassFormatError")
                    .endsWith("use the jars of one version");
        }
    }

    @Test
    void aModuleOfAnotherVersionIsPassedOver() throws IOException {
        try (URLClassLoader loader = loader(Older.class, Good.class)) {
            assertThat(devices.tier(configuration(), loader, warnings::add)).isNotNull();
            assertThat(warnings).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {Older.class, Mixed.class})
    void aModuleOfAnotherVersionIsSaidOnce(Class<?> module) throws IOException {
        Configuration cuda = configuration("alisa.backend", "cuda");
        try (URLClassLoader loader = loader(module)) {
            assertThat(devices.tier(cuda, loader, warnings::add)).isNull();
            assertThat(devices.tier(cuda, loader, warnings::add)).isNull();
        }
        assertThat(warnings).singleElement().asString().contains("MethodError")
                .endsWith("use the jars of one version");
        assertThat(devices.describe(cuda)).startsWith("device: none, its module does not fit this plugin: ");
    }

    @Test
    void oneThatFailsOnceItIsOpenIsClosed() throws IOException {
        try (URLClassLoader loader = loader(Dying.class)) {
            assertThat(devices.tier(configuration(), loader, warnings::add)).isNull();
        }
        assertThat(warnings).containsExactly("DYING was found, but the CPU computes: it is dying");
        assertThat(Objects.requireNonNull(opened).isClosed()).isTrue();
    }

    /** The device stays when an application goes: it is the JDK's logger that says of its end. */
    @Test
    void whoAskedFirstIsNotKeptForItsEnd() throws IOException {
        List<String> logged = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                logged.add(entry.getLevel() + " " + entry.getMessage());
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        Logger logger = Logger.getLogger("io.alisa");
        logger.addHandler(handler);
        try (URLClassLoader loader = loader(Good.class)) {
            DeviceTier tier = Objects.requireNonNull(devices.tier(configuration(), loader, warnings::add));
            Objects.requireNonNull(opened).failAfter(0);
            assertThat(tier.open(new DeviceShape(1, 1, 20, 20, 0, 1), 1, 9, new ReentrantLock())).isNull();
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(warnings).isEmpty();
        assertThat(logged).singleElement().asString()
                .startsWith("WARNING a fake device is not used any more: the test wants it so");
    }

    @Test
    void wantOfDirectMemoryIsNoFailureOfTheSession() throws IOException {
        try (URLClassLoader loader = loader(Starved.class)) {
            assertThat(devices.tier(configuration(), loader, warnings::add)).isNull();
            assertThat(warnings).singleElement().asString().contains("but the CPU computes", "MaxDirectMemorySize");
            assertThat(devices.describe(configuration())).contains("device: none, Java has no memory for it");
        }
    }
}
