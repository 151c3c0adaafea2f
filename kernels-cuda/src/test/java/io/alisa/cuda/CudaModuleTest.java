package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;

import io.alisa.device.DeviceModule;
import io.alisa.device.DeviceStatus;
import org.junit.jupiter.api.Test;

class CudaModuleTest {
    /** The kernel driver's node: asked without any library that the probe uses. */
    private static final boolean DRIVER = Files.exists(Path.of("/dev/nvidiactl"));

    private final DeviceStatus status = new CudaModule().probe();

    @Test
    void isFoundAsAService() {
        assertThat(ServiceLoader.load(DeviceModule.class)).singleElement().isInstanceOf(CudaModule.class)
                .extracting(DeviceModule::name).isEqualTo("CUDA");
    }

    @Test
    void answersTheSameTwice() {
        assertThat(new CudaModule().probe()).isEqualTo(status);
    }

    @Test
    void saysWhatIsMissingWithoutADriver() {
        assumeFalse(DRIVER, "this machine has an NVIDIA driver: the case without one is not tested here");
        assertThat(status.usable()).isFalse();
        assertThat(status.description()).isEqualTo("no NVIDIA driver: libcuda.so.1 not found");
        assertThat(status.remedy()).contains("install the NVIDIA driver");
    }

    @Test
    void describesTheDeviceWithADriver() {
        assumeTrue(DRIVER, "this machine has no NVIDIA driver: the case with a GPU is not tested here");
        assertThat(status.usable()).as(status.description()).isTrue();
        assertThat(status.description()).matches(".+, [0-9.]+ GiB, compute capability \\d+\\.\\d+.*");
        assertThat(status.remedy()).isNull();
    }

    /** What the first sessions would find out otherwise, each in vain. */
    @Test
    void aCardThatIsTooOldIsNotUsable() {
        DeviceStatus old = DriverQuery.status("Old, compute capability 7.0", 70, 13000);
        assertThat(old.usable()).isFalse();
        assertThat(old.description()).isEqualTo("Old, compute capability 7.0: too old for the kernels");
        assertThat(old.remedy()).isEqualTo("use a GPU of compute capability 7.5 or newer");
        assertThat(DriverQuery.status("Turing", 75, 13000)).isEqualTo(new DeviceStatus(true, "Turing", null));
    }

    /** It would refuse the kernels when the first session opens. */
    @Test
    void aDriverThatIsTooOldIsNotUsable() {
        DeviceStatus old = DriverQuery.status("Hopper", 90, 12020);
        assertThat(old.usable()).isFalse();
        assertThat(old.description()).isEqualTo("Hopper: its driver is for CUDA 12.2, too old for the kernels");
        assertThat(old.remedy()).isEqualTo("install an NVIDIA driver for CUDA 12.3 or newer, 545 and up");
        assertThat(DriverQuery.status("Hopper", 90, 12030)).isEqualTo(new DeviceStatus(true, "Hopper", null));
    }
}
