package io.alisa.cuda;

import java.nio.file.Files;
import java.nio.file.Path;

import io.alisa.attention.Teams;
import io.alisa.device.DeviceCases.Case;
import io.alisa.tier.MemoryBudget;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** The drivers that the same tests run on. */
enum TestDriver {
    /** Kernels written anew in Java. */
    JAVA {
        @Override
        Driver open() {
            return new JavaDriver();
        }
    },
    /** The same, and each thing that is asked for is done as late as possible. */
    LATE {
        @Override
        Driver open() {
            return LateDriver.asLateAsPossible();
        }

        @Override
        Case cut(Case given) { // it is for the order of things: others say more
            return given.atMost(400, 6);
        }
    },
    /** The kernels that GPUs run, compiled by g++. */
    EMULATED {
        @Override
        Driver open() {
            return new EmulatedDriver();
        }

        @Override
        Case cut(Case given) { // some thousand times slower than a GPU
            return given.atMost(200, 4);
        }
    },
    /** A GPU. */
    CUDA {
        @Override
        Driver open() {
            return new JCudaBinding();
        }

        @Override
        void assumePresent() {
            super.assumePresent();
            Assumptions.assumeTrue(GPU, "this machine has no NVIDIA driver: the GPU is not tested here");
        }
    };

    /** The kernel driver's node: asked without any library that is tested. */
    private static final boolean GPU = Files.exists(Path.of("/dev/nvidiactl"));

    /** The name of the only driver to test, as where each step takes long: null for all. */
    private static final @Nullable String ONLY = System.getProperty("test.driver");

    /** Opens the device, which the caller closes. */
    abstract Driver open();

    /** A conversation as long as the driver can lead in reasonable time. */
    Case cut(Case given) {
        return given;
    }

    /** This machine as a device sees it: without a cap, and anything is worth asking the device. */
    static HostSide host() {
        return new HostSide(MemoryBudget.unlimited(), Teams.of(2), 0);
    }

    /** Skips the test where the driver is not here, or only another one is to be tested. */
    void assumePresent() {
        Assumptions.assumeTrue(ONLY == null || ONLY.equals(name()), "only the driver " + ONLY + " is tested");
    }
}
