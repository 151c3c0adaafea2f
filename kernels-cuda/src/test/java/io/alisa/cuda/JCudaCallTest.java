package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.function.IntSupplier;

import io.alisa.device.DeviceFullException;
import io.alisa.Allocation;
import io.alisa.device.DeviceLostException;
import jcuda.CudaException;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever an application set in JCuda, a failure is one. */
class JCudaCallTest {
    @Test
    void aSuccessIsNoFailure() {
        assertThat(JCudaCall.failure(() -> CUresult.CUDA_SUCCESS)).isNull();
        JCudaCall.check("cuInit", () -> CUresult.CUDA_SUCCESS);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailureIsNamed(boolean exceptionsEnabled) {
        IntSupplier call = () -> answer(CUresult.CUDA_ERROR_OUT_OF_MEMORY, exceptionsEnabled);
        assertThat(JCudaCall.failure(call)).isEqualTo("CUDA_ERROR_OUT_OF_MEMORY");
        assertThatExceptionOfType(DeviceLostException.class).isThrownBy(() -> JCudaCall.check("cuMemAlloc", call))
                .withMessage("cuMemAlloc answers CUDA_ERROR_OUT_OF_MEMORY");
    }

    /** Others go on then. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void wantOfMemoryIsToldFromALoss(boolean exceptionsEnabled) {
        assertThatExceptionOfType(DeviceFullException.class).isThrownBy(() -> JCudaCall.check("cuEventCreate",
                () -> answer(CUresult.CUDA_ERROR_OUT_OF_MEMORY, exceptionsEnabled)))
                .withMessage("cuEventCreate answers CUDA_ERROR_OUT_OF_MEMORY");
        assertThatExceptionOfType(DeviceLostException.class).isThrownBy(() -> JCudaCall.check("cuEventCreate",
                () -> answer(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, exceptionsEnabled)))
                .isNotInstanceOf(DeviceFullException.class);
    }

    /** Of a GPU's memory and of this machine's. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void wantOfMemoryThatIsAskedForIsAnAnswer(boolean exceptionsEnabled) {
        assertThat(JCudaCall.findsRoom("cuMemAllocHost", JCudaCall.failure(() -> CUresult.CUDA_SUCCESS))).isTrue();
        assertThat(JCudaCall.findsRoom("cuMemAllocHost", JCudaCall.failure(
                () -> answer(CUresult.CUDA_ERROR_OUT_OF_MEMORY, exceptionsEnabled)))).isFalse();
        assertThatExceptionOfType(DeviceLostException.class)
                .isThrownBy(() -> JCudaCall.findsRoom("cuMemAllocHost", JCudaCall.failure(
                        () -> answer(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, exceptionsEnabled))))
                .withMessage("cuMemAllocHost answers CUDA_ERROR_ILLEGAL_ADDRESS");
    }

    /** Some of the calls are made in every layer of every step. */
    @Tag(Allocation.TAG)
    @Test
    void aCallMakesNoObjects() {
        long[] answered = new long[1];
        Allocation.assertNoneAfterAWhile(() -> {
            for (int i = 0; i < 1_000_000; i++) {
                int grid = i;
                long bytes = 2L * i;
                JCudaCall.check("cuLaunchKernel", () -> {
                    answered[0] += grid + bytes;
                    return CUresult.CUDA_SUCCESS;
                });
            }
        });
        assertThat(answered[0]).isPositive();
    }

    /** As JCuda does. */
    private static int answer(int result, boolean exceptionsEnabled) {
        if (exceptionsEnabled) {
            throw new CudaException(CUresult.stringFor(result));
        }
        return result;
    }
}
