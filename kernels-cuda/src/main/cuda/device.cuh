// The few instructions that C++ has no words for. The emulation has a twin of each.

#pragma once

#ifdef __CUDACC__

#include <stdint.h>

#define ALISA_KERNEL(name, threads, resident, Parameters)                                                            \
    extern "C" __global__ void __launch_bounds__(threads, resident) name(const __grid_constant__ Parameters parameters)

#define DYNAMIC_SHARED(name) extern __shared__ __align__(16) unsigned char name[]

/** The same number, but where it came from is forgotten: it stays in its register instead of being worked out again. */
__device__ __forceinline__ int kept(int x) {
    asm volatile("" : "+r"(x));
    return x;
}

/** Two floats as halves, rounded to nearest even. */
__device__ __forceinline__ uint32_t packHalves(float low, float high) {
    uint32_t halves;
#if __CUDA_ARCH__ >= 800
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(halves) : "f"(high), "f"(low));
#else
    asm("{.reg .f16 l, h; cvt.rn.f16.f32 l, %2; cvt.rn.f16.f32 h, %1; mov.b32 %0, {l, h};}"
        : "=r"(halves)
        : "f"(high), "f"(low));
#endif
    return halves;
}

__device__ __forceinline__ float lowHalf(uint32_t halves) {
    float x;
    asm("{.reg .f16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, l;}" : "=f"(x) : "r"(halves));
    return x;
}

__device__ __forceinline__ float highHalf(uint32_t halves) {
    float x;
    asm("{.reg .f16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, h;}" : "=f"(x) : "r"(halves));
    return x;
}

__device__ __forceinline__ uint32_t subtractHalves(uint32_t a, uint32_t b) {
    uint32_t difference;
    asm("sub.f16x2 %0, %1, %2;" : "=r"(difference) : "r"(a), "r"(b));
    return difference;
}

/** 2^x to within two units in the last place. */
__device__ __forceinline__ float powerOfTwo(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ __forceinline__ float reciprocal(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

/**
 * Adds one, and returns what was there. What this thread block wrote before its last barrier is visible to all who add
 * later, and what those wrote who added before is visible here.
 */
__device__ __forceinline__ uint32_t takeTicket(uint32_t *at) {
    uint32_t before;
    asm volatile("atom.acq_rel.gpu.add.u32 %0, [%1], 1;" : "=r"(before) : "l"(at) : "memory");
    return before;
}

/** Copies 16 bytes to shared memory, past the registers and the L1 cache. */
__device__ __forceinline__ void copyAsync16(void *to, const void *from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((uint32_t) __cvta_generic_to_shared(to)), "l"(from)
                 : "memory");
}

/** The same, where what lies beside it is about to be read, too: memory hands over 256 bytes at once. */
__device__ __forceinline__ void copyAsync16OfMany(void *to, const void *from) {
    asm volatile("cp.async.cg.shared.global.L2::256B [%0], [%1], 16;" ::"r"((uint32_t) __cvta_generic_to_shared(to)),
                 "l"(from)
                 : "memory");
}

__device__ __forceinline__ void copyAsync4(void *to, const void *from) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"((uint32_t) __cvta_generic_to_shared(to)), "l"(from)
                 : "memory");
}

/** Ends a group of this thread's copies. */
__device__ __forceinline__ void commitCopies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/** Waits until at most so many of this thread's groups are under way. */
template <int GROUPS_LEFT>
__device__ __forceinline__ void waitForCopies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS_LEFT) : "memory");
}

/** C += A * B on tensor cores: A 16 x 16 halves, B 16 x 8 halves, C floats, spread over the warp (m16n8k16). */
__device__ __forceinline__ void multiplyAdd(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#else

#include "emulation.h"

#endif

namespace alisa {

constexpr unsigned WARP = 0xffffffffu;
constexpr float LOG2_E = 1.4426950408889634f;
constexpr float LN_2 = 0.6931471805599453f;

__device__ __forceinline__ float negativeInfinity() {
    return __uint_as_float(0xff800000u);
}

__device__ __forceinline__ int lane() {
    return (int) (threadIdx.x & 31);
}

__device__ __forceinline__ int warpIndex() {
    return (int) (threadIdx.x / 32);
}

/** A ScaleCode. */
__device__ __forceinline__ float decodeScale(uint32_t code) {
    return __uint_as_float((code << 20) + (104u << 23));
}

/** Four ScaleCodes, a byte each. */
__device__ __forceinline__ void decodeScales(uint32_t codes, float (&scales)[4]) {
    // Two at a time: codes and the exponent's zero fit into halves of a word, where floats begin.
    uint32_t even = (codes & 0x00ff00ffu) * 16 + 0x34003400u;
    uint32_t odd = (codes >> 4 & 0x0ff00ff0u) + 0x34003400u;
    scales[0] = __uint_as_float(even << 16);
    scales[1] = __uint_as_float(odd << 16);
    scales[2] = __uint_as_float(even & 0xffff0000u);
    scales[3] = __uint_as_float(odd & 0xffff0000u);
}

/** cap * tanh(score / cap), to within some 1e-7 * cap. */
__device__ __forceinline__ float capped(float score, float cap) {
    if (cap == 0) {
        return score;
    }
    float x = fabsf(score) * (2 * LOG2_E) * reciprocal(cap);
    float tanh = 1 - 2 * reciprocal(powerOfTwo(x) + 1);
    return copysignf(cap * tanh, score);
}

/** e^x for x <= 0; every step is that of the plugin's SoftCap. */
__device__ __forceinline__ float expExactly(float x) {
    constexpr float ROUND = 12582912;  // adding 1.5 * 2^23 leaves a whole number in the low bits
    if (x < -87) {
        return 0;
    }
    float shifted = __fmaf_rn(x, 1.44269504f, ROUND);
    float n = __fsub_rn(shifted, ROUND);
    float r = __fmaf_rn(n, -0.693359375f, x);
    r = __fmaf_rn(n, 2.12194440e-4f, r);
    float squared = __fmul_rn(r, r);
    float high = __fmaf_rn(r, 1.9875691500e-4f, 1.3981999507e-3f);
    float middle = __fmaf_rn(r, 8.3334519073e-3f, 4.1665795894e-2f);
    float low = __fmaf_rn(r, 1.6666665459e-1f, 5.0000001201e-1f);
    float p = __fmaf_rn(__fmaf_rn(__fmaf_rn(high, squared, middle), squared, low), squared, r);
    return __uint_as_float(__float_as_uint(__fadd_rn(p, 1)) + (__float_as_uint(shifted) << 23));
}

/** tanh; every step is that of the plugin's SoftCap. */
__device__ __forceinline__ float tanhExactly(float x) {
    float magnitude = fabsf(x);
    if (magnitude < 0.625f) {
        float squared = __fmul_rn(x, x);
        float p = __fmaf_rn(squared, -5.70498872745e-3f, 2.06390887954e-2f);
        p = __fmaf_rn(p, squared, -5.37397155531e-2f);
        p = __fmaf_rn(p, squared, 1.33314422036e-1f);
        p = __fmaf_rn(p, squared, -3.33332819422e-1f);
        return __fmaf_rn(__fmul_rn(p, squared), x, x);
    }
    float shrunk = expExactly(__fmul_rn(magnitude, -2));
    float far = __fdiv_rn(__fsub_rn(1, shrunk), __fadd_rn(shrunk, 1));
    return x < 0 ? -far : far;
}

/**
 * cap * tanh(score / cap) with the bits of the plugin's SoftCap; 0: no cap. Negative infinity, the score of a token that
 * does not exist, stays what it is.
 */
__device__ __forceinline__ float cappedExactly(float score, float cap) {
    if (cap == 0 || !(score > negativeInfinity())) {
        return score;
    }
    return __fmul_rn(tanhExactly(__fdiv_rn(score, cap)), cap);
}

}  // namespace alisa
