// CUDA's words for an ordinary C++ compiler: what the kernels of this module use, and no more.
//
// A thread block runs on fibers of one thread, one per CUDA thread. They take turns at barriers only, so what a kernel
// forgets to wait for is not there yet: asynchronous copies arrive when they are waited for and not before, a warp's
// lanes run far apart between two operations of the warp, and shared memory holds garbage when a block starts. A
// barrier that not all of its threads reach is an error, not a hang.

#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __align__(n) __attribute__((aligned(n)))

struct Dimensions {
    unsigned x, y, z;
};
struct uint2 {
    uint32_t x, y;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) uint4 {
    uint32_t x, y, z, w;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
inline float2 make_float2(float x, float y) {
    return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w) {
    return {x, y, z, w};
}

namespace emulation {

using Kernel = void (*)(const void *parameters);

struct Registration {
    Registration(const char *name, unsigned threads, Kernel kernel);
};

extern Dimensions gridSize, blockSize, blockIndex, threadIndex;
unsigned char *dynamicShared();
void blockBarrier();
void warpBarrier();
/** What the lanes of the warp put down before the barrier that this call waits at. */
const uint32_t *exchange(uint32_t mine);
const uint32_t (*exchange10(const uint32_t (&mine)[10]))[10];
void copyLater(void *to, const void *from, int bytes);
void commitCopies();
void waitForCopies(int groupsLeft);

}  // namespace emulation

#define gridDim emulation::gridSize
#define blockDim emulation::blockSize
#define blockIdx emulation::blockIndex
#define threadIdx emulation::threadIndex

#define ALISA_KERNEL(name, threads, resident, Parameters) ALISA_EXPANDED_KERNEL(name, threads, Parameters)

#define ALISA_EXPANDED_KERNEL(name, threads, Parameters)                                                             \
    static void name(const Parameters &parameters);                                                                  \
    static emulation::Registration registration_##name(                                                              \
        #name, threads, [](const void *bytes) { name(*static_cast<const Parameters *>(bytes)); });                   \
    static void name(const Parameters &parameters)

#define DYNAMIC_SHARED(name) unsigned char *name = emulation::dynamicShared()

inline void __syncthreads() {
    emulation::blockBarrier();
}
inline void __syncwarp() {
    emulation::warpBarrier();
}
inline void __threadfence() {
}

inline uint32_t __float_as_uint(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}
inline float __uint_as_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}
inline int __float_as_int(float x) {
    return (int) __float_as_uint(x);
}

template <class T>
T min(T a, T b) {
    return b < a ? b : a;
}
template <class T>
T max(T a, T b) {
    return a < b ? b : a;
}

inline unsigned laneOfThread() {
    return threadIdx.x & 31;
}
inline uint32_t __shfl_xor_sync(unsigned, uint32_t x, int mask) {
    return emulation::exchange(x)[laneOfThread() ^ mask];
}
inline float __shfl_xor_sync(unsigned, float x, int mask) {
    return __uint_as_float(emulation::exchange(__float_as_uint(x))[laneOfThread() ^ mask]);
}
inline uint32_t __shfl_sync(unsigned, uint32_t x, int lane) {
    return emulation::exchange(x)[lane & 31];
}
inline int __shfl_sync(unsigned, int x, int lane) {
    return (int) emulation::exchange((uint32_t) x)[lane & 31];
}
inline float __shfl_sync(unsigned, float x, int lane) {
    return __uint_as_float(emulation::exchange(__float_as_uint(x))[lane & 31]);
}
inline uint64_t __shfl_sync(unsigned, uint64_t x, int lane) {
    uint32_t low = emulation::exchange((uint32_t) x)[lane & 31];
    uint32_t high = emulation::exchange((uint32_t) (x >> 32))[lane & 31];
    return (uint64_t) high << 32 | low;
}
inline uint32_t __shfl_up_sync(unsigned, uint32_t x, int by) {
    int lane = (int) laneOfThread();
    return emulation::exchange(x)[lane < by ? lane : lane - by];
}
inline unsigned __ballot_sync(unsigned, int predicate) {
    const uint32_t *all = emulation::exchange(predicate != 0);
    unsigned bits = 0;
    for (int lane = 0; lane < 32; lane++) {
        bits |= all[lane] << lane;
    }
    return bits;
}
inline int __any_sync(unsigned mask, int predicate) {
    return __ballot_sync(mask, predicate) != 0;
}
inline uint32_t __reduce_max_sync(unsigned, uint32_t x) {
    const uint32_t *all = emulation::exchange(x);
    uint32_t largest = 0;
    for (int lane = 0; lane < 32; lane++) {
        largest = all[lane] > largest ? all[lane] : largest;
    }
    return largest;
}
inline uint32_t __byte_perm(uint32_t low, uint32_t high, uint32_t selector) {
    uint64_t bytes = (uint64_t) high << 32 | low;
    uint32_t result = 0;
    for (int i = 0; i < 4; i++) {
        result |= (uint32_t) (bytes >> (8 * (selector >> (4 * i) & 7)) & 255) << (8 * i);
    }
    return result;
}
inline int __popc(uint32_t x) {
    return __builtin_popcount(x);
}
inline int __popcll(uint64_t x) {
    return __builtin_popcountll(x);
}
inline int __ffs(uint32_t x) {
    return __builtin_ffs((int) x);
}
inline int __ffsll(uint64_t x) {
    return __builtin_ffsll((long long) x);
}
inline float __fdiv_rn(float a, float b) {
    return a / b;
}
inline float __fmul_rn(float a, float b) {
    return a * b;
}
inline float __fadd_rn(float a, float b) {
    return a + b;
}
inline float __fsub_rn(float a, float b) {
    return a - b;
}
inline float __fmaf_rn(float a, float b, float c) {
    return fmaf(a, b, c);
}
inline float __fsqrt_rn(float x) {
    return sqrtf(x);
}
inline uint32_t atomicAdd(uint32_t *at, uint32_t x) {
    uint32_t before = *at;
    *at += x;
    return before;
}
inline uint32_t atomicMax(uint32_t *at, uint32_t x) {
    uint32_t before = *at;
    *at = x > before ? x : before;
    return before;
}
inline uint32_t atomicMin(uint32_t *at, uint32_t x) {
    uint32_t before = *at;
    *at = x < before ? x : before;
    return before;
}
template <class T>
T __ldg(const T *at) {
    return *at;
}
template <class T>
T __ldcs(const T *at) {
    return *at;
}
template <class T>
T __ldcg(const T *at) {
    return *at;
}

// The twins of what device.cuh writes in PTX.

inline int kept(int x) {
    return x;
}
inline uint16_t halfBits(float x) {
    _Float16 half = (_Float16) x;
    uint16_t bits;
    memcpy(&bits, &half, 2);
    return bits;
}
inline float halfValue(uint16_t bits) {
    _Float16 half;
    memcpy(&half, &bits, 2);
    return (float) half;
}
inline uint32_t packHalves(float low, float high) {
    return (uint32_t) halfBits(high) << 16 | halfBits(low);
}
inline float lowHalf(uint32_t halves) {
    return halfValue((uint16_t) halves);
}
inline float highHalf(uint32_t halves) {
    return halfValue((uint16_t) (halves >> 16));
}
inline uint32_t subtractHalves(uint32_t a, uint32_t b) {
    return packHalves(lowHalf(a) - lowHalf(b), highHalf(a) - highHalf(b));
}
inline float powerOfTwo(float x) {
    return exp2f(x);
}
inline float reciprocal(float x) {
    return 1 / x;
}
inline uint32_t takeTicket(uint32_t *at) {
    return (*at)++;
}
inline void copyAsync16(void *to, const void *from) {
    emulation::copyLater(to, from, 16);
}
inline void copyAsync16OfMany(void *to, const void *from) {
    emulation::copyLater(to, from, 16);
}
inline void copyAsync4(void *to, const void *from) {
    emulation::copyLater(to, from, 4);
}
inline void commitCopies() {
    emulation::commitCopies();
}
template <int GROUPS_LEFT>
void waitForCopies() {
    emulation::waitForCopies(GROUPS_LEFT);
}

/** Row-major A [16][16], column-major B [16][8], C [16][8], spread over the lanes as PTX has it for m16n8k16. */
inline void multiplyAdd(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    const uint32_t mine[10] = {a[0], a[1], a[2], a[3], b0, b1, 0, 0, 0, 0};
    const uint32_t(*all)[10] = emulation::exchange10(mine);
    int lane = (int) laneOfThread();
    for (int i = 0; i < 4; i++) {
        int row = lane / 4 + 8 * (i / 2);
        int column = lane % 4 * 2 + i % 2;
        float sum = c[i];
        for (int k = 0; k < 16; k++) {
            uint32_t x = all[(row % 8) * 4 + k % 8 / 2][row / 8 + 2 * (k / 8)];
            uint32_t y = all[column * 4 + k % 8 / 2][4 + k / 8];
            sum += (k % 2 ? highHalf(x) * highHalf(y) : lowHalf(x) * lowHalf(y));
        }
        c[i] = sum;
    }
}
