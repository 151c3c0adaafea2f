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

/** Where a query row's joined partial goes. */
__device__ __forceinline__ float *joinedOf(const AttendParameters &p, int sequence, int kvHead, int row) {
    return p.joined + (((int64_t) sequence * p.kvHeads + kvHead) * p.rows + row) * partialFloats(p.headSize);
}

/**
 * Joins the warps' partials of some rows and writes them as partial `at` of these.
 *
 * @param shared [warps][rowsOfWarp] partials
 */
__device__ __forceinline__ void joinWarps(const AttendParameters &p, const float *shared, int rowsOfWarp, int sequence,
                                          int kvHead, int firstRow, int rows, int at) {
    int floats = partialFloats(p.headSize);
    int warps = (int) (blockDim.x / 32);
    for (int i = (int) threadIdx.x; i < rows * (floats / 4); i += (int) blockDim.x) {
        int row = i / (floats / 4);
        int part = i % (floats / 4) * 4;
        const float *of = shared + row * floats;
        float most = negativeInfinity();
#pragma unroll 4
        for (int warp = 0; warp < warps; warp++) {
            most = fmaxf(most, of[warp * rowsOfWarp * floats]);
        }
        float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 4
        for (int warp = 0; warp < warps; warp++) {
            const float *partial = of + warp * rowsOfWarp * floats;
            float weight = weightOf(partial[0], most, 1);
            float4 x = *(const float4 *) (partial + part);  // zeros where the warp had no token: no branch is needed
            sum.x += weight * x.x;
            sum.y += weight * x.y;
            sum.z += weight * x.z;
            sum.w += weight * x.w;
        }
        if (part == 0) {
            sum.x = most * LN_2;
        }
        *(float4 *) (partialsOf(p, sequence, kvHead, firstRow + row) + at * floats + part) = sum;
    }
}

/** Partials of a query row that are to be joined: from `first` on `plain` in a row, then one in `step`; `count` in all. */
struct PartialList {
    int first;
    int count;
    int plain;
    int step;

    __device__ __forceinline__ int at(int k) const {
        return first + (k < plain ? k : plain + (k - plain) * step);
    }
};

constexpr int JOIN_CHUNK = 32;  // partials that are weighed at a time
constexpr int JOIN_AHEAD = 6;   // that a thread reads at a time

/** Starts to read a part of partials k, k + step, ...: JOIN_AHEAD of them, as far as they are before `end`. */
__device__ __forceinline__ void readPartials(const PartialList &list, const float4 *part, int vectors, int k, int step,
                                             int end, float4 (&to)[JOIN_AHEAD]) {
#pragma unroll
    for (int i = 0; i < JOIN_AHEAD; i++) {
        if (k + i * step < end) {
            to[i] = __ldcg(part + (int64_t) list.at(k + i * step) * vectors);
        }
    }
}

/**
 * Joins partials of some query rows, 8 at most. What this costs is the time that reads take: so threads share out a row's
 * partials where there are more threads than parts of its values, and values are under way while weights are made.
 *
 * @param to     partials of these rows, `stride` floats apart; one of those that are joined may be in its place
 * @param sums   shared memory, one for each thread
 */
__device__ __forceinline__ void joinPartials(const AttendParameters &p, const PartialList &list, int sequence,
                                             int kvHead, int firstRow, int rows, float *to, int64_t stride,
                                             float4 *sums) {
    __shared__ float weights[8][JOIN_CHUNK];
    __shared__ float2 heads[8];
    __shared__ float shrinks[8];
    const int threads = (int) blockDim.x;
    const int vectors = partialFloats(p.headSize) / 4;
    const int values = vectors - 1;
    const int rowsAtOnce = threads / values;
    for (int from = 0; from < rows; from += rowsAtOnce) {
        const int count = min(rowsAtOnce, rows - from);
        const int items = count * values;
        const int shares = threads / items;
        const int item = (int) threadIdx.x % items;
        const int share = (int) threadIdx.x / items;
        const float4 *own = (const float4 *) partialsOf(p, sequence, kvHead, firstRow + from + item / values) + 1 +
                            item % values;
        float4 sum = make_float4(0, 0, 0, 0);
        for (int start = 0; start < list.count; start += JOIN_CHUNK) {
            const int end = share < shares ? min(start + JOIN_CHUNK, list.count) : start;
            float4 ahead[JOIN_AHEAD];
            readPartials(list, own, vectors, start + share, shares, end, ahead);
            for (int row = warpIndex(); row < count; row += threads / 32) {
                int k = start + lane();
                float2 head = make_float2(negativeInfinity(), 0);
                if (k < list.count) {
                    head = __ldcg((const float2 *) (partialsOf(p, sequence, kvHead, firstRow + from + row) +
                                                    (int64_t) list.at(k) * vectors * 4));
                }
                float2 before = start == 0 ? make_float2(negativeInfinity(), 0) : heads[row];
                float most = head.x;
                for (int by = 16; by > 0; by /= 2) {
                    most = fmaxf(most, __shfl_xor_sync(WARP, most, by));
                }
                most = fmaxf(most, before.x);
                float weight = weightOf(head.x, most, LOG2_E);
                weights[row][lane()] = weight;
                float total = weight * head.y;
                for (int by = 16; by > 0; by /= 2) {
                    total += __shfl_xor_sync(WARP, total, by);
                }
                if (lane() == 0) {
                    shrinks[row] = weightOf(before.x, most, LOG2_E);
                    heads[row] = make_float2(most, total + before.y * shrinks[row]);
                }
            }
            __syncthreads();
            float shrink = shrinks[item / values];
            sum = make_float4(sum.x * shrink, sum.y * shrink, sum.z * shrink, sum.w * shrink);
            for (int k = start + share; k < end; k += JOIN_AHEAD * shares) {
                if (k != start + share) {
                    readPartials(list, own, vectors, k, shares, end, ahead);
                }
#pragma unroll
                for (int i = 0; i < JOIN_AHEAD; i++) {
                    if (k + i * shares < end) {
                        float weight = weights[item / values][k + i * shares - start];
                        sum.x += weight * ahead[i].x;
                        sum.y += weight * ahead[i].y;
                        sum.z += weight * ahead[i].z;
                        sum.w += weight * ahead[i].w;
                    }
                }
            }
            __syncthreads();  // weights and heads are overwritten by the next chunk
        }
        sums[threadIdx.x] = sum;
        __syncthreads();
        if (share == 0) {
            for (int other = 1; other < shares; other++) {
                float4 x = sums[other * items + item];
                sum = make_float4(sum.x + x.x, sum.y + x.y, sum.z + x.z, sum.w + x.w);
            }
            float4 *row = (float4 *) (to + (from + item / values) * stride);
            row[1 + item % values] = sum;
            if (item % values == 0) {
                row[0] = make_float4(heads[item / values].x, heads[item / values].y, 0, 0);
            }
        }
        __syncthreads();
    }
}

/** Joins all partials of some query rows, 8 at most. */
__device__ __forceinline__ void joinAll(const AttendParameters &p, int sequence, int kvHead, int firstRow, int rows,
                                        float4 *sums) {
    joinPartials(p, {0, p.partialCount, p.partialCount, 1}, sequence, kvHead, firstRow, rows,
                 joinedOf(p, sequence, kvHead, firstRow), partialFloats(p.headSize), sums);
}

/** Whether this thread block is the last of `count` to come here; what the others wrote is visible then. */
__device__ __forceinline__ bool isLast(uint32_t *ticket, int count) {
    __shared__ bool last;
    __syncthreads();
    if (threadIdx.x == 0) {
        last = takeTicket(ticket) == (uint32_t) count - 1;
        if (last) {
            *ticket = 0;
        }
    }
    __syncthreads();
    return last;
}

/** The tickets of this thread block's row of the grid. */
__device__ __forceinline__ uint32_t *ticketsOf(const AttendParameters &p) {
    return p.tickets +
           (blockIdx.z * gridDim.y + blockIdx.y) * ticketsOfRow((int) gridDim.x, (int) (blockDim.x / 32));
}

/** The partials of this split's group, of which there are `count`. */
__device__ __forceinline__ PartialList groupOf(const AttendParameters &p, int &count) {
    const int group = joinGroup((int) (blockDim.x / 32));
    int first = (int) blockIdx.x / group * group;
    count = min(group, (int) gridDim.x - first);
    return {p.firstPartial + first, count, count, 1};
}

/**
 * Joins all partials of some query rows, 8 at most, once all splits are there: the last split of a group joins the group's,
 * so that the last of all, which nothing runs beside, has few left.
 */
__device__ __forceinline__ void joinSplits(const AttendParameters &p, int sequence, int kvHead, int firstRow,
                                           int rows, float4 *sums) {
    const int splits = (int) gridDim.x;
    const int group = joinGroup((int) (blockDim.x / 32));
    const int floats = partialFloats(p.headSize);
    uint32_t *tickets = ticketsOf(p);
    int arrivals = splits;
    PartialList list = {0, p.partialCount, p.partialCount, 1};
    bool grouped = splits > group;
    if (grouped) {
        list = groupOf(p, arrivals);
        tickets += 1 + (int) blockIdx.x / group;
    }
    while (isLast(tickets, arrivals)) {
        float *to = grouped ? partialsOf(p, sequence, kvHead, firstRow) + (int64_t) list.first * floats
                            : joinedOf(p, sequence, kvHead, firstRow);
        joinPartials(p, list, sequence, kvHead, firstRow, rows, to, grouped ? (int64_t) p.partialCount * floats : floats,
                     sums);
        if (!grouped) {
            return;
        }
        grouped = false;
        tickets = ticketsOf(p);
        arrivals = joinGroups(splits, (int) (blockDim.x / 32));
        list = {0, p.firstPartial + arrivals, p.firstPartial, group};
    }
}

}  // namespace alisa
