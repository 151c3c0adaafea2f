// What was skipped, as a partial softmax: the blocks' mean values with the skipped tokens' estimated weights.

#include "device.cuh"
#include "attention.cuh"

ALISA_KERNEL(alisa_skipped, 128, 4, alisa::SkippedParameters) {
    using namespace alisa;
    const SkippedParameters &p = parameters;
    int kvHead = (int) blockIdx.y;
    int rowBytes = (p.headSize + 3) / 4 * 4;
    int first = (int) ((int64_t) blockIdx.x * p.digestBlocks / gridDim.x);
    int end = (int) ((int64_t) (blockIdx.x + 1) * p.digestBlocks / gridDim.x);
    for (int i = (int) threadIdx.x; i < p.group * (rowBytes / 4); i += (int) blockDim.x) {
        int64_t head = (int64_t) kvHead * p.group + i / (rowBytes / 4);
        int channel = i % (rowBytes / 4) * 4;
        const float *mass = p.mass + head * p.blockStride;
        float total = 0;
        float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 4
        for (int block = first; block < end; block++) {
            const unsigned char *piece = (const unsigned char *) __ldg(p.means + block / BLOCK_TOKENS) +
                                         (int64_t) kvHead * BLOCK_TOKENS * (2 * rowBytes + 2);
            int row = block % BLOCK_TOKENS;
            uint32_t value = *(const uint32_t *) (piece + (2 * row + 1) * rowBytes + channel);
            float scale = decodeScale(piece[BLOCK_TOKENS * (2 * rowBytes + 1) + row]);
            float weight = mass[block];
            total += weight;
            weight *= scale;
            sum.x += weight * (signed char) value;
            sum.y += weight * (signed char) (value >> 8);
            sum.z += weight * (signed char) (value >> 16);
            sum.w += weight * (signed char) (value >> 24);
        }
        float *partial = p.partials + (head * p.partialCount + p.firstPartial + (int) blockIdx.x) *
                                          partialFloats(p.headSize);
        *(float4 *) (partial + PARTIAL_HEAD + channel) = sum;
        if (channel == 0) {
            *(float4 *) partial = make_float4(p.references[head], total, 0, 0);
        }
    }
}
