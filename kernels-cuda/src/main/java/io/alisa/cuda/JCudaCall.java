package io.alisa.cuda;

import java.util.function.IntSupplier;

import io.alisa.device.DeviceFullException;
import io.alisa.device.DeviceLostException;
import jcuda.CudaException;
import jcuda.driver.CUresult;
import org.jspecify.annotations.Nullable;

/**
 * What the driver answers to a call. A switch of JCuda, one for the whole process, says whether a failure is a result or an
 * exception: it is the application's, so both are looked at. Compiled code makes no objects of the calls.
 */
final class JCudaCall {
    private static final String NO_ROOM = CUresult.stringFor(CUresult.CUDA_ERROR_OUT_OF_MEMORY);

    private JCudaCall() {
    }

    /** The name of what went wrong; null where nothing did. */
    static @Nullable String failure(IntSupplier call) {
        try {
            int result = call.getAsInt();
            return result == CUresult.CUDA_SUCCESS ? null : CUresult.stringFor(result);
        } catch (CudaException e) {
            return String.valueOf(e.getMessage()); // the name, too
        }
    }

    /** Throws DeviceLostException where something went wrong: DeviceFullException where that is want of memory. */
    static void check(String name, IntSupplier call) {
        check(name, failure(call));
    }

    /**
     * Whether a call for memory found some, which failed so; null: it did not. Throws DeviceLostException where something
     * else than want of memory went wrong.
     */
    static boolean findsRoom(String name, @Nullable String failure) {
        if (NO_ROOM.equals(failure)) {
            return false;
        }
        check(name, failure);
        return true;
    }

    /** Throws where a call failed, which answered so; null: it did not. */
    static void check(String name, @Nullable String failure) {
        if (failure != null) {
            String message = name + " answers " + failure;
            throw failure.equals(NO_ROOM) ? new DeviceFullException(message) : new DeviceLostException(message);
        }
    }
}
