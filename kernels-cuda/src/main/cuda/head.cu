// The kernels of one head size, ALISA_HEAD_SIZE: a module each, for a model needs one of them only.

#ifndef ALISA_HEAD_SIZE
#error "ALISA_HEAD_SIZE is one of 32, 64, 80, 96, 128, 256"
#endif

#include "decode.cuh"
#include "prefill.cuh"

#define ALISA_NAMED(name, size) name##size
#define ALISA_NAME(name, size) ALISA_NAMED(name, size)
#define ALISA_HEAD_KERNEL(name, threads, resident, Parameters)                                                       \
    ALISA_KERNEL(ALISA_NAME(name, ALISA_HEAD_SIZE), threads, resident, Parameters)

// One thread block of that size bounds the registers: 128, 168 and 255 of them.
#define ALISA_DECODE_THREADS (32 * alisa::decodeWarps(ALISA_HEAD_SIZE))

ALISA_HEAD_KERNEL(alisa_decode_int8_h, ALISA_DECODE_THREADS, 1, alisa::AttendParameters) {
    using namespace alisa;
    DYNAMIC_SHARED(shared);
    decode<ALISA_HEAD_SIZE, Int8Element, DenseFeed<ALISA_HEAD_SIZE, Int8Element>>(parameters, shared, shared);
}

ALISA_HEAD_KERNEL(alisa_gather_int8_h, ALISA_DECODE_THREADS, 1, alisa::AttendParameters) {
    using namespace alisa;
    DYNAMIC_SHARED(shared);
    decode<ALISA_HEAD_SIZE, Int8Element, GatheredFeed<ALISA_HEAD_SIZE>>(parameters, shared + gatherListBytes(warps()),
                                                               shared);
}

ALISA_HEAD_KERNEL(alisa_decode_f16_h, ALISA_DECODE_THREADS, 1, alisa::AttendParameters) {
    using namespace alisa;
    DYNAMIC_SHARED(shared);
    decode<ALISA_HEAD_SIZE, HalfElement, DenseFeed<ALISA_HEAD_SIZE, HalfElement>>(parameters, shared, shared);
}

ALISA_HEAD_KERNEL(alisa_prefill_int8_h, 128, (ALISA_HEAD_SIZE <= 64 ? 3 : 2), alisa::AttendParameters) {
    DYNAMIC_SHARED(shared);
    alisa::prefill<ALISA_HEAD_SIZE>(parameters, shared);
}

#undef ALISA_HEAD_KERNEL
#undef ALISA_DECODE_THREADS
