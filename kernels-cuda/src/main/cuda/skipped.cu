// What was skipped, as a partial softmax: the blocks' mean values with the skipped tokens' estimated weights.

#include "device.cuh"
#include "attention.cuh"

namespace alisa {

constexpr int SKIPPED_THREADS = 256;
constexpr int SKIPPED_AHEAD = 6;  // blocks that a thread reads at a time

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
        for (int start = first + share; start < (share < shares ? end : 0); start += SKIPPED_AHEAD * shares) {
            const unsigned char *pieces[SKIPPED_AHEAD];
            float weights[SKIPPED_AHEAD];
            uint32_t values[SKIPPED_AHEAD];
            uint32_t codes[SKIPPED_AHEAD];
#pragma unroll
            for (int i = 0; i < SKIPPED_AHEAD; i++) {
                int block = min(start + i * shares, end - 1);
                pieces[i] = (const unsigned char *) __ldg(p.means + block / BLOCK_TOKENS) + kvHead * pieceBytes;
                weights[i] = start + i * shares < end ? mass[block] : 0;
            }
#pragma unroll
            for (int i = 0; i < SKIPPED_AHEAD; i++) {
                int row = min(start + i * shares, end - 1) % BLOCK_TOKENS;
                values[i] = __ldg((const uint32_t *) (pieces[i] + (2 * row + 1) * 4 * lines + channel));
                codes[i] = __ldg(pieces[i] + BLOCK_TOKENS * (8 * lines + 1) + row);
            }
#pragma unroll
            for (int i = 0; i < SKIPPED_AHEAD; i++) {
                float weight = weights[i] * decodeScale(codes[i]);
                total += weights[i];
                sum.x += weight * (signed char) values[i];
                sum.y += weight * (signed char) (values[i] >> 8);
                sum.z += weight * (signed char) (values[i] >> 16);
                sum.w += weight * (signed char) (values[i] >> 24);
            }
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
