// INT8 attention in plain FP32, for head sizes that the tensor cores are not served with, and to compare with.

#include "device.cuh"
#include "join.cuh"

namespace alisa {

constexpr int MAX_HEAD_SIZE = 256;
constexpr int CHANNELS_PER_LANE = MAX_HEAD_SIZE / 32;

/** One query row; a warp takes every fourth block, half of it at a time: a lane per token, then a lane per channel. */
__device__ __forceinline__ void attendAny(const AttendParameters &p, float *shared) {
    int kvHead = (int) blockIdx.y / p.rows;
    int row = (int) blockIdx.y % p.rows;
    int sequence = (int) blockIdx.z;
    int rowBytes = (p.headSize + 3) / 4 * 4;
    int64_t head = (int64_t) sequence * p.kvHeads + kvHead;
    const float *query = p.queries + (head * p.rows + row) * p.queryStride;
    int start = (int) ((int64_t) blockIdx.x * p.blockCount / gridDim.x);
    int end = (int) ((int64_t) (blockIdx.x + 1) * p.blockCount / gridDim.x);
    float largest = negativeInfinity();
    float sum = 0;
    float values[CHANNELS_PER_LANE] = {};
    for (int half = 2 * start + warpIndex(); half < 2 * end; half += WARPS) {
        uint64_t block = p.blocks[(int64_t) sequence * p.blockStride + half / 2];
        uint64_t tokens = p.selected == nullptr ? ~0ull : p.selected[head * p.blockStride + half / 2];
        uint32_t wanted = (uint32_t) (tokens >> (half % 2 * 32));
        if (block == 0 || wanted == 0) {
            continue;
        }
        const signed char *piece = (const signed char *) block + (int64_t) kvHead * BLOCK_TOKENS * (2 * rowBytes + 2);
        const unsigned char *scales = (const unsigned char *) piece + BLOCK_TOKENS * 2 * rowBytes;
        int token = half % 2 * 32 + lane();
        float score = negativeInfinity();
        if (wanted >> lane() & 1) {
            const signed char *key = piece + token * 2 * rowBytes;
            float dot = 0;
            for (int c = 0; c < p.headSize; c++) {
                dot += query[c] * key[c];
            }
            score = capped(dot * decodeScale(scales[token]), p.softCap) * LOG2_E;
        }
        float most = score;
        for (int by = 16; by > 0; by /= 2) {
            most = fmaxf(most, __shfl_xor_sync(WARP, most, by));
        }
        most = fmaxf(most, largest);
        float shrink = powerOfTwo(largest - most);
        float weight = powerOfTwo(score - most);
        largest = most;
        sum = sum * shrink + weight;
        weight *= decodeScale(scales[BLOCK_TOKENS + token]);
#pragma unroll
        for (int i = 0; i < CHANNELS_PER_LANE; i++) {
            values[i] *= shrink;
        }
        for (int t = 0; t < 32; t++) {
            float w = __shfl_sync(WARP, weight, t);
            const signed char *value = piece + ((half % 2 * 32 + t) * 2 + 1) * rowBytes;
#pragma unroll
            for (int i = 0; i < CHANNELS_PER_LANE; i++) {
                int c = 32 * i + lane();
                values[i] += c < p.headSize ? w * value[c] : 0;
            }
        }
    }
    for (int by = 16; by > 0; by /= 2) {
        sum += __shfl_xor_sync(WARP, sum, by);
    }
    int floats = partialFloats(p.headSize);
    float *partial = shared + warpIndex() * floats;
    if (lane() == 0) {
        partial[0] = largest;
        partial[1] = sum;
        partial[2] = partial[3] = 0;
    }
#pragma unroll
    for (int i = 0; i < CHANNELS_PER_LANE; i++) {
        int c = 32 * i + lane();
        if (c < floats - PARTIAL_HEAD) {
            partial[PARTIAL_HEAD + c] = values[i];
        }
    }
}

}  // namespace alisa

ALISA_KERNEL(alisa_attend_int8_any, 128, 4, alisa::AttendParameters) {
    using namespace alisa;
    __shared__ __align__(16) float shared[WARPS * partialFloats(MAX_HEAD_SIZE)];
    attendAny(parameters, shared);
    __syncthreads();
    int kvHead = (int) blockIdx.y / parameters.rows;
    int row = (int) blockIdx.y % parameters.rows;
    joinWarps(parameters, shared, 1, (int) blockIdx.z, kvHead, row, 1, parameters.firstPartial + (int) blockIdx.x);
    if (parameters.joined != nullptr) {
        joinSplits(parameters, (int) blockIdx.z, kvHead, row, 1, (float4 *) shared);
    }
}
