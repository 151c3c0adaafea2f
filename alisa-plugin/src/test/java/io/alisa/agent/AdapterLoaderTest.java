package io.alisa.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;

import io.alisa.config.Configuration;
import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceModules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterLoaderTest {
    private static final String MODULE = "io.alisa.elsewhere.Module";

    private final ClassLoader ours = AdapterLoaderTest.class.getClassLoader();

    @TempDir
    Path directory = Path.of("");

    /** As in an application whose jars lie in a loader of their own, the plugin's jar alone in the system's. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void findsDeviceModulesThatLieBesideTheHost(boolean knowsOurs) throws IOException {
        Path file = directory.resolve(MODULE.replace('.', '/') + ".class");
        Files.createDirectories(file.getParent());
        Files.write(file, moduleClass());
        Path services = directory.resolve("META-INF/services/" + DeviceModule.class.getName());
        Files.createDirectories(services.getParent());
        Files.writeString(services, MODULE);
        ClassLoader parent = knowsOurs ? ours : ClassLoader.getPlatformClassLoader();
        try (URLClassLoader host = new URLClassLoader(new URL[]{directory.toUri().toURL()}, parent)) {
            DeviceModules found = DeviceModules.find(new AdapterLoader(host, ours));
            assertThat(found.failure()).isNull();
            assertThat(found.modules()).singleElement().extracting(DeviceModule::name).isEqualTo("ELSEWHERE");
        }
    }

    /** A module with a name and nothing else. */
    private static byte[] moduleClass() {
        return ClassFile.of().build(ClassDesc.of(MODULE), made -> made
                .withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_SUPER)
                .withInterfaceSymbols(ClassDesc.of(DeviceModule.class.getName()))
                .withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC, code -> code
                        .aload(0)
                        .invokespecial(ConstantDescs.CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                        .return_())
                .withMethodBody("name", MethodTypeDesc.of(ConstantDescs.CD_String), ClassFile.ACC_PUBLIC,
                        code -> code.ldc("ELSEWHERE").areturn()));
    }

    @Test
    void ourClassesComeFromTheAgentFirst() throws ClassNotFoundException {
        AdapterLoader loader = new AdapterLoader(ClassLoader.getPlatformClassLoader(), ours);
        assertThat(loader.loadClass(Configuration.class.getName())).isSameAs(Configuration.class);
        assertThatExceptionOfType(ClassNotFoundException.class)
                .isThrownBy(() -> loader.loadClass("io.alisa.nowhere.Thing")).withMessage("io.alisa.nowhere.Thing");
    }
}
