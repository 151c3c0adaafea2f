package io.alisa.cuda;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

import io.alisa.memory.OffHeap;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * {@link Driver} by JCuda, over the first device's primary context: who else uses CUDA in this process shares it.
 *
 * <p>JCuda hands pointers over as objects. Those of whole allocations are made once, so what a decode step does makes
 * none.
 */
final class JCudaBinding implements Driver {
    private static final int LONGEST_NAME = 256;

    private final CUdevice device = new CUdevice();
    private final CUcontext context = new CUcontext();
    /** What is taken off a thread's stack of contexts: always ours. */
    private final CUcontext ours = new CUcontext();
    private final CurrentContext current = new CurrentContext(() -> JCudaDriver.cuCtxPushCurrent(context),
            () -> JCudaDriver.cuCtxPopCurrent(ours));
    /** Loaded when their first kernel is asked for: the driver compiles them then. */
    private final Map<String, CUmodule> modules = new HashMap<>();
    /**
     * The most dynamic shared memory that a kernel was asked for so far: what the driver has to allow it, for a kernel is the
     * same for all sessions, whatever their models.
     */
    private final Map<String, Integer> sharedBytes = new HashMap<>();
    private final Facts facts;
    /** Kernels find registered memory where this machine does. */
    private final boolean readsHostAddresses;

    /** A pointer that says where it points. */
    private static final class Address extends CUdeviceptr {
        long value() {
            return getNativePointer();
        }
    }

    private record DeviceMemory(Address pointer, long bytes) implements Memory {
        @Override
        public long address() {
            return pointer.value();
        }
    }

    private record PinnedMemory(Pointer pointer, MemorySegment segment) implements Pinned {
    }

    private record Queue(CUstream raw) implements Stream {
    }

    private record Mark(CUevent raw) implements Event {
    }

    private record Function(CUfunction raw, int sharedBytes) implements Kernel {
    }

    private record Structure(MemorySegment segment, Pointer pointers) implements Arguments {
    }

    /** Opens the first device. Throws LinkageError where there is no driver. */
    JCudaBinding() {
        JCudaCall.check("cuInit", () -> JCudaDriver.cuInit(0));
        JCudaCall.check("cuDeviceGet", () -> JCudaDriver.cuDeviceGet(device, 0));
        JCudaCall.check("cuDevicePrimaryCtxRetain", () -> JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
        boolean made = false;
        try (var _ = attach()) {
            facts = readFacts();
            Ptx.check(facts.capability());
            readsHostAddresses = DriverQuery.attribute(device,
                    CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM) != 0;
            made = true;
        } finally {
            if (!made) {
                JCudaCall.failure(() -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
            }
        }
    }

    private Facts readFacts() {
        byte[] name = new byte[LONGEST_NAME];
        long[] memory = new long[1];
        current.check("cuDeviceGetName", () -> JCudaDriver.cuDeviceGetName(name, name.length, device));
        current.check("cuDeviceTotalMem", () -> JCudaDriver.cuDeviceTotalMem(memory, device));
        return new Facts(DriverQuery.text(name), memory[0],
                DriverQuery.attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                DriverQuery.attribute(device,
                        CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
                DriverQuery.capability(device));
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public long freeBytes() {
        long[] free = new long[1];
        current.check("cuMemGetInfo", () -> JCudaDriver.cuMemGetInfo(free, new long[1]));
        return free[0];
    }

    @Override
    public Attachment attach() {
        return current.attach();
    }

    @Override
    public @Nullable Memory allocate(long bytes) {
        Address pointer = new Address();
        return current.findsRoom("cuMemAlloc", () -> JCudaDriver.cuMemAlloc(pointer, bytes))
                ? new DeviceMemory(pointer, bytes)
                : null;
    }

    @Override
    public void free(Memory memory) {
        current.check("cuMemFree", () -> JCudaDriver.cuMemFree(pointer(memory)));
    }

    private static CUdeviceptr pointer(Memory memory) {
        return ((DeviceMemory) memory).pointer();
    }

    private static CUdeviceptr pointer(Memory memory, long offset) {
        return offset == 0 ? pointer(memory) : pointer(memory).withByteOffset(offset);
    }

    @Override
    public @Nullable Pinned allocatePinned(long bytes) {
        Pointer pointer = new Pointer();
        if (!current.findsRoom("cuMemAllocHost", () -> JCudaDriver.cuMemAllocHost(pointer, bytes))) {
            return null;
        }
        boolean seen = false;
        try {
            PinnedMemory memory = new PinnedMemory(pointer, MemorySegment.ofBuffer(pointer.getByteBuffer(0, bytes)));
            seen = true;
            return memory;
        } finally {
            if (!seen) {
                current.failure(() -> JCudaDriver.cuMemFreeHost(pointer)); // nobody else knows of it
            }
        }
    }

    @Override
    public void freePinned(Pinned memory) {
        current.check("cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(((PinnedMemory) memory).pointer()));
    }

    @Override
    public boolean register(long address, long bytes) {
        return readsHostAddresses && current.failure(() -> JCudaDriver.cuMemHostRegister(at(address, bytes), bytes,
                JCudaDriver.CU_MEMHOSTREGISTER_PORTABLE | JCudaDriver.CU_MEMHOSTREGISTER_DEVICEMAP)) == null;
    }

    @Override
    public void unregister(long address) {
        current.check("cuMemHostUnregister", () -> JCudaDriver.cuMemHostUnregister(at(address, 1)));
    }

    private static Pointer at(long address, long bytes) {
        return Pointer.to(OffHeap.bytes(address, bytes));
    }

    @Override
    public Stream createStream() {
        CUstream stream = new CUstream();
        current.check("cuStreamCreate",
                () -> JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
        return new Queue(stream);
    }

    @Override
    public void destroy(Stream stream) {
        current.check("cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(raw(stream)));
    }

    private static CUstream raw(Stream stream) {
        return ((Queue) stream).raw();
    }

    @Override
    public Event createEvent() {
        return event(CUevent_flags.CU_EVENT_DISABLE_TIMING);
    }

    @Override
    public Event createTimer() {
        return event(CUevent_flags.CU_EVENT_DEFAULT);
    }

    private Event event(int flags) {
        CUevent event = new CUevent();
        current.check("cuEventCreate", () -> JCudaDriver.cuEventCreate(event, flags));
        return new Mark(event);
    }

    @Override
    public void destroy(Event event) {
        current.check("cuEventDestroy", () -> JCudaDriver.cuEventDestroy(raw(event)));
    }

    private static CUevent raw(Event event) {
        return ((Mark) event).raw();
    }

    @Override
    public void record(Event event, Stream stream) {
        current.check("cuEventRecord", () -> JCudaDriver.cuEventRecord(raw(event), raw(stream)));
    }

    @Override
    public void waitFor(Stream stream, Event event) {
        current.check("cuStreamWaitEvent", () -> JCudaDriver.cuStreamWaitEvent(raw(stream), raw(event), 0));
    }

    @Override
    public void synchronize(Event event) {
        current.check("cuEventSynchronize", () -> JCudaDriver.cuEventSynchronize(raw(event)));
    }

    @Override
    public void synchronize(Stream stream) {
        current.check("cuStreamSynchronize", () -> JCudaDriver.cuStreamSynchronize(raw(stream)));
    }

    @Override
    public float elapsed(Event from, Event to) {
        float[] milliseconds = new float[1];
        current.check("cuEventElapsedTime", () -> JCudaDriver.cuEventElapsedTime(milliseconds, raw(from), raw(to)));
        return milliseconds[0];
    }

    @Override
    public void copyToDevice(Memory to, long toOffset, Pinned from, long fromOffset, long bytes, Stream stream) {
        Pointer source = ((PinnedMemory) from).pointer();
        current.check("cuMemcpyHtoDAsync", () -> JCudaDriver.cuMemcpyHtoDAsync(pointer(to, toOffset),
                fromOffset == 0 ? source : source.withByteOffset(fromOffset), bytes, raw(stream)));
    }

    @Override
    public void copyToHost(Pinned to, Memory from, long bytes, Stream stream) {
        current.check("cuMemcpyDtoHAsync",
                () -> JCudaDriver.cuMemcpyDtoHAsync(((PinnedMemory) to).pointer(), pointer(from), bytes, raw(stream)));
    }

    @Override
    public void copyOnDevice(Memory to, Memory from, long bytes, Stream stream) {
        current.check("cuMemcpyDtoDAsync",
                () -> JCudaDriver.cuMemcpyDtoDAsync(pointer(to), pointer(from), bytes, raw(stream)));
    }

    @Override
    public void zero(Memory memory, long bytes, Stream stream) {
        current.check("cuMemsetD8Async",
                () -> JCudaDriver.cuMemsetD8Async(pointer(memory), (byte) 0, bytes, raw(stream)));
    }

    private CUmodule moduleOf(String kernel) {
        String name = Ptx.moduleOf(kernel);
        CUmodule existing = modules.get(name);
        if (existing != null) {
            return existing;
        }
        CUmodule module = new CUmodule();
        byte[] text = Ptx.read(name, facts.capability());
        current.check("cuModuleLoadData(" + name + ")", () -> JCudaDriver.cuModuleLoadData(module, text));
        modules.put(name, module);
        return module;
    }

    @Override
    public synchronized Kernel kernel(String name, int bytes) {
        CUmodule module = moduleOf(name);
        CUfunction function = new CUfunction();
        current.check("cuModuleGetFunction(" + name + ")",
                () -> JCudaDriver.cuModuleGetFunction(function, module, name));
        if (bytes > sharedBytes.getOrDefault(name, 0)) {
            current.check("cuFuncSetAttribute(" + name + ")", () -> JCudaDriver.cuFuncSetAttribute(function,
                    CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes));
            sharedBytes.put(name, bytes);
        }
        return new Function(function, bytes);
    }

    @Override
    public int residentBlocks(Kernel kernel, int threads) {
        Function function = (Function) kernel;
        int[] blocks = new int[1];
        current.check("cuOccupancyMaxActiveBlocksPerMultiprocessor",
                () -> JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function.raw(), threads,
                        function.sharedBytes()));
        return blocks[0];
    }

    @Override
    public Arguments arguments(long bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
        return new Structure(MemorySegment.ofBuffer(buffer), Pointer.to(Pointer.to(buffer)));
    }

    @Override
    public void launch(Kernel kernel, int gridX, int gridY, int gridZ, int threads, Stream stream,
            Arguments arguments) {
        Function function = (Function) kernel;
        current.check("cuLaunchKernel",
                () -> JCudaDriver.cuLaunchKernel(function.raw(), gridX, gridY, gridZ, threads, 1, 1,
                        function.sharedBytes(), raw(stream), ((Structure) arguments).pointers(), null));
    }

    @Override
    public void close() {
        // A lost device answers errors: nothing can be done about that.
        Quietly.attached(this, () -> modules.values()
                .forEach(module -> current.failure(() -> JCudaDriver.cuModuleUnload(module))));
        JCudaCall.failure(() -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
    }
}
