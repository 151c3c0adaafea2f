// What was skipped, as a partial softmax: the blocks' mean values with the skipped tokens' estimated weights.

#include "device.cuh"
#include "attention.cuh"

namespace alisa {

constexpr int SKIPPED_THREADS = 256;

}

// Where there are more threads than parts of the group's values, the threads share out the blocks.
ALISA_KERNEL(alisa_skipped, 256, 2, alisa::SkippedParameters) {
    using namespace alisa;
    const SkippedParameters &p = parameters;
    __shared__ float4 sums[SKIPPED_THREADS];
    __shared__ float totals[SKIPPED_THREADS];
    const int kvHead = (int) blockIdx.y;
    const int lines = (p.headSize + 3) / 4;
    const int64_t pieceBytes = BLOCK_TOKENS * (8 * lines + 2);
    const int first = (int) ((int64_t) blockIdx.x * p.digestBlocks / gridDim.x);
    const int end = (int) ((int64_t) (blockIdx.x + 1) * p.digestBlocks / gridDim.x);
    for (int from = 0; from < p.group * lines; from += SKIPPED_THREADS) {
        const int items = min(SKIPPED_THREADS, p.group * lines - from);
        const int shares = SKIPPED_THREADS / items;
        const int item = from + (int) threadIdx.x % items;
        const int share = (int) threadIdx.x / items;
        const int64_t head = (int64_t) kvHead * p.group + item / lines;
        const int channel = item % lines * 4;
        const float *mass = p.mass + head * p.blockStride;
        float total = 0;
        float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 8
        for (int block = first + share; block < (share < shares ? end : 0); block += shares) {
            const unsigned char *piece =
                (const unsigned char *) __ldg(p.means + block / BLOCK_TOKENS) + kvHead * pieceBytes;
            int row = block % BLOCK_TOKENS;
            uint32_t value = __ldg((const uint32_t *) (piece + (2 * row + 1) * 4 * lines + channel));
            float scale = decodeScale(__ldg(piece + BLOCK_TOKENS * (8 * lines + 1) + row));
            float weight = mass[block];
            total += weight;
            weight *= scale;
            sum.x += weight * (signed char) value;
            sum.y += weight * (signed char) (value >> 8);
            sum.z += weight * (signed char) (value >> 16);
            sum.w += weight * (signed char) (value >> 24);
        }
        sums[threadIdx.x] = sum;
        totals[threadIdx.x] = total;
        __syncthreads();
        if (share == 0) {
            for (int other = (int) threadIdx.x + items; other < shares * items; other += items) {
                float4 x = sums[other];
                sum = make_float4(sum.x + x.x, sum.y + x.y, sum.z + x.z, sum.w + x.w);
                total += totals[other];
            }
            float *partial = p.partials + (head * p.partialCount + p.firstPartial + (int) blockIdx.x) *
                                              partialFloats(p.headSize);
            *(float4 *) (partial + PARTIAL_HEAD + channel) = sum;
            if (channel == 0) {
                *(float4 *) partial = make_float4(p.references[head], total, 0, 0);
            }
        }
        __syncthreads();
    }
}
