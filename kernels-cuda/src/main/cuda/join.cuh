// Joining running softmaxes: those of a thread block's warps, and those of the splits.

#pragma once

#include "device.cuh"
#include "attention.cuh"

namespace alisa {

/** What a partial counts for beside the largest of all scores; nothing where there was no token at all. */
__device__ __forceinline__ float weightOf(float largest, float most, float toLog2) {
    return largest == negativeInfinity() ? 0 : powerOfTwo((largest - most) * toLog2);
}

/** Where the partials of a query row begin. */
__device__ __forceinline__ float *partialsOf(const AttendParameters &p, int sequence, int kvHead, int row) {
    int64_t index = ((int64_t) sequence * p.kvHeads + kvHead) * p.rows + row;
    return p.partials + index * p.partialCount * partialFloats(p.headSize);
}

/**
 * Joins the warps' partials of some rows and writes them as partial `at` of these.
 *
 * @param shared [WARPS][rowsOfWarp] partials
 */
__device__ __forceinline__ void joinWarps(const AttendParameters &p, const float *shared, int rowsOfWarp, int sequence,
                                          int kvHead, int firstRow, int rows, int at) {
    int floats = partialFloats(p.headSize);
    for (int i = (int) threadIdx.x; i < rows * (floats / 4); i += (int) blockDim.x) {
        int row = i / (floats / 4);
        int part = i % (floats / 4) * 4;
        const float *of = shared + row * floats;
        float most = negativeInfinity();
        for (int warp = 0; warp < WARPS; warp++) {
            most = fmaxf(most, of[warp * rowsOfWarp * floats]);
        }
        float4 sum = make_float4(0, 0, 0, 0);
        for (int warp = 0; warp < WARPS; warp++) {
            const float *partial = of + warp * rowsOfWarp * floats;
            float weight = weightOf(partial[0], most, 1);
            if (weight != 0) {
                sum.x += weight * partial[part];
                sum.y += weight * partial[part + 1];
                sum.z += weight * partial[part + 2];
                sum.w += weight * partial[part + 3];
            }
        }
        if (part == 0) {
            sum.x = most * LN_2;
        }
        *(float4 *) (partialsOf(p, sequence, kvHead, firstRow + row) + at * floats + part) = sum;
    }
}

/**
 * Joins all partials of some query rows. The warps share out the partials; `scratch` has room for WARPS * rows partials.
 */
__device__ __forceinline__ void joinPartials(const AttendParameters &p, float4 *scratch, int sequence, int kvHead,
                                             int firstRow, int rows) {
    int vectors = partialFloats(p.headSize) / 4;
    int warp = warpIndex();
    for (int i = lane(); i < rows * vectors; i += 32) {
        const float *partials = partialsOf(p, sequence, kvHead, firstRow + i / vectors);
        int part = i % vectors;
        float most = negativeInfinity();
        float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 8
        for (int k = warp; k < p.partialCount; k += WARPS) {
            const float4 *partial = (const float4 *) partials + (int64_t) k * vectors;
            float largest = __ldcg(&partial[0].x);
            float4 x = __ldcg(partial + part);
            float now = fmaxf(most, largest);
            float before = weightOf(most, now, LOG2_E);
            float weight = weightOf(largest, now, LOG2_E);
            sum.x = sum.x * before + weight * x.x;
            sum.y = sum.y * before + weight * x.y;
            sum.z = sum.z * before + weight * x.z;
            sum.w = sum.w * before + weight * x.w;
            most = now;
        }
        if (part == 0) {
            sum.z = most;
        }
        scratch[warp * rows * vectors + i] = sum;
    }
    __syncthreads();
    for (int i = (int) threadIdx.x; i < rows * vectors; i += (int) blockDim.x) {
        int row = i / vectors;
        float most = negativeInfinity();
        for (int k = 0; k < WARPS; k++) {
            most = fmaxf(most, scratch[(k * rows + row) * vectors].z);
        }
        float4 sum = make_float4(0, 0, 0, 0);
        for (int k = 0; k < WARPS; k++) {
            float weight = weightOf(scratch[(k * rows + row) * vectors].z, most, LOG2_E);
            float4 x = scratch[k * rows * vectors + i];
            sum.x += weight * x.x;
            sum.y += weight * x.y;
            sum.z += weight * x.z;
            sum.w += weight * x.w;
        }
        if (i % vectors == 0) {
            sum = make_float4(most, sum.y, 0, 0);
        }
        int64_t to = ((int64_t) sequence * p.kvHeads + kvHead) * p.rows + firstRow + row;
        ((float4 *) p.joined)[to * vectors + i % vectors] = sum;
    }
}

/**
 * Whether this thread block is the last of its row of the grid to come here; what the others wrote is visible then.
 *
 * @param ticket of the row, zero before and after
 */
__device__ __forceinline__ bool isLastSplit(uint32_t *ticket) {
    __shared__ bool isLast;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        isLast = atomicAdd(ticket, 1u) == gridDim.x - 1;
        if (isLast) {
            *ticket = 0;
        }
    }
    __syncthreads();
    __threadfence();
    return isLast;
}

/** The ticket of this thread block's row of the grid. */
__device__ __forceinline__ uint32_t *ticketOf(const AttendParameters &p) {
    return p.tickets + blockIdx.z * gridDim.y + blockIdx.y;
}

}  // namespace alisa
