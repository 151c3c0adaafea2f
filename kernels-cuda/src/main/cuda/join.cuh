// Joining running softmaxes: those of a thread block's warps, and those of the splits.

#pragma once

#include "device.cuh"
#include "attention.cuh"

namespace alisa {

constexpr int JOIN_THREADS = WARPS * 32;

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

/** The largest score of a row's partials and the sum of its weights, found by a warp. */
__device__ __forceinline__ float2 joinHeads(const float4 *partials, int count, int vectors) {
    float most = negativeInfinity();
    float sum = 0;
#pragma unroll 4
    for (int k = lane(); k < count; k += 32) {
        float4 head = __ldcg(partials + (int64_t) k * vectors);
        float now = fmaxf(most, head.x);
        sum = sum * weightOf(most, now, LOG2_E) + head.y * weightOf(head.x, now, LOG2_E);
        most = now;
    }
    float all = most;
    for (int by = 16; by > 0; by /= 2) {
        all = fmaxf(all, __shfl_xor_sync(WARP, all, by));
    }
    sum *= weightOf(most, all, LOG2_E);
    for (int by = 16; by > 0; by /= 2) {
        sum += __shfl_xor_sync(WARP, sum, by);
    }
    return {all, sum};
}

/**
 * Joins all partials of some query rows, 8 at most. Where there are more threads than parts of a row's values, the threads
 * share out the partials: what this costs is the time that reads take, so as many as can be are under way at once.
 */
__device__ __forceinline__ void joinPartials(const AttendParameters &p, int sequence, int kvHead, int firstRow,
                                             int rows) {
    __shared__ float2 heads[8];
    __shared__ float4 sums[JOIN_THREADS];
    int vectors = partialFloats(p.headSize) / 4;
    int values = vectors - 1;
    int64_t to = ((int64_t) sequence * p.kvHeads + kvHead) * p.rows + firstRow;
    for (int row = warpIndex(); row < rows; row += WARPS) {
        float2 head = joinHeads((const float4 *) partialsOf(p, sequence, kvHead, firstRow + row), p.partialCount,
                                vectors);
        if (lane() == 0) {
            heads[row] = head;
            ((float4 *) p.joined)[(to + row) * vectors] = make_float4(head.x, head.y, 0, 0);
        }
    }
    __syncthreads();
    int items = rows * values;
    int shares = max(1, JOIN_THREADS / items);
    for (int i = (int) threadIdx.x; i < items * shares; i += JOIN_THREADS) {
        int row = i % items / values;
        int part = i % items % values + 1;
        const float4 *partials = (const float4 *) partialsOf(p, sequence, kvHead, firstRow + row);
        float most = heads[row].x;
        float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 16
        for (int k = i / items; k < p.partialCount; k += shares) {
            const float4 *partial = partials + (int64_t) k * vectors;
            float weight = weightOf(__ldcg(&partial[0].x), most, LOG2_E);
            float4 x = __ldcg(partial + part);
            sum.x += weight * x.x;
            sum.y += weight * x.y;
            sum.z += weight * x.z;
            sum.w += weight * x.w;
        }
        if (shares == 1) {
            ((float4 *) p.joined)[(to + row) * vectors + part] = sum;
        } else {
            sums[i] = sum;
        }
    }
    __syncthreads();
    if (shares > 1 && (int) threadIdx.x < items) {
        int i = (int) threadIdx.x;
        float4 sum = sums[i];
        for (int share = 1; share < shares; share++) {
            float4 x = sums[share * items + i];
            sum = make_float4(sum.x + x.x, sum.y + x.y, sum.z + x.z, sum.w + x.w);
        }
        ((float4 *) p.joined)[(to + i / values) * vectors + i % values + 1] = sum;
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
