package io.alisa.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.function.IntSupplier;

import io.alisa.device.DeviceLostException;
import jcuda.CudaException;
import jcuda.driver.CUresult;
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

    /** As JCuda does. */
    private static int answer(int result, boolean exceptionsEnabled) {
        if (exceptionsEnabled) {
            throw new CudaException(CUresult.stringFor(result));
        }
        return result;
    }
}
