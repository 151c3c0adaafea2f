// Estimated scores from the blocks' mean keys and two-bit keys: what SketchSelector.estimate computes.
//
// A query head has a table of 16 bytes per pair of channels (QuerySketch). The tables of four heads lie in one word per
// entry, 16 words a pair: any entries that the lanes of a warp want are in different banks or the same word. One look-up
// serves four heads; sums stay whole numbers, so they are the very sums of the reference.

#include "device.cuh"
#include "join.cuh"

namespace alisa {

constexpr int ENTRIES = 16;
constexpr int QUAD = 4;            // query heads whose entries share a word
constexpr uint32_t ENTRY_BIAS = 32;  // entries are -31 to 31
constexpr int LARGEST_ENTRY = 31;
constexpr int TOKENS_PER_THREAD = 4;
constexpr int THREADS_PER_SKETCH = BLOCK_TOKENS / TOKENS_PER_THREAD;
constexpr float LEAST_NORMAL = 1.17549435e-38f;

/** Floats as whole numbers in the same order; 0 is less than any. */
__device__ __forceinline__ uint32_t ordered(float x) {
    uint32_t bits = __float_as_uint(x);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/** The channel of a query head; those behind the last have no weight. */
__device__ __forceinline__ float channelOf(const float *query, int headSize, int channel) {
    return channel < headSize ? query[channel] : 0;
}

/** Score of one unit of a head's tables, computed by a warp; see QuerySketch.unit. */
__device__ __forceinline__ float unitOf(const float *query, int headSize) {
    float largest = 0;
    for (int c = 2 * lane(); c < headSize; c += 64) {
        largest = fmaxf(largest, fabsf(query[c]) + fabsf(channelOf(query, headSize, c + 1)));
    }
    for (int by = 16; by > 0; by /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(WARP, largest, by));
    }
    float worth = __fdiv_rn(__fmul_rn(largest, 1.5f), (float) LARGEST_ENTRY);
    return worth < LEAST_NORMAL * ENTRIES ? 0 : worth;
}

/** One entry: what two channels add to a score when their codes are `codes`. */
__device__ __forceinline__ uint32_t entryOf(const float *query, int headSize, int pair, int codes, float inverse) {
    float first = __fmul_rn(channelOf(query, headSize, 2 * pair), (float) (codes & 3) - 1.5f);
    float second = __fmul_rn(channelOf(query, headSize, 2 * pair + 1), (float) (codes >> 2) - 1.5f);
    return (uint32_t) ((int) rintf(__fmul_rn(__fadd_rn(first, second), inverse)) + (int) ENTRY_BIAS);
}

/** Query times mean key of a block, for all heads of the group, by a warp. */
__device__ __forceinline__ void scoreMean(const SelectParameters &p, int kvHead, int block, float *scores) {
    int rowBytes = (p.headSize + 3) / 4 * 4;
    const unsigned char *piece = (const unsigned char *) __ldg(p.means + block / BLOCK_TOKENS) +
                                 (int64_t) kvHead * BLOCK_TOKENS * (2 * rowBytes + 2);
    int row = block % BLOCK_TOKENS;
    const signed char *key = (const signed char *) piece + row * 2 * rowBytes;
    float scale = decodeScale(piece[BLOCK_TOKENS * 2 * rowBytes + row]);
    for (int g = 0; g < p.group; g++) {
        const float *query = p.queries + ((int64_t) kvHead * p.group + g) * p.queryStride;
        float dot = 0;
        for (int c = lane(); c < p.headSize; c += 32) {
            dot += query[c] * key[c];
        }
        for (int by = 16; by > 0; by /= 2) {
            dot += __shfl_xor_sync(WARP, dot, by);
        }
        if (lane() == 0) {
            scores[g] = dot * scale;
        }
    }
}

/** Adds the looked-up words of four bytes to the sums of heads 0 and 2, and of 1 and 3. */
__device__ __forceinline__ void addSums(uint32_t words, uint32_t &even, uint32_t &odd) {
    even += words & 0x00ff00ffu;
    odd += words >> 8 & 0x00ff00ffu;
}

/** Estimates of four tokens for four heads; `tables` are those of the heads. */
__device__ __forceinline__ void sumUp(const unsigned char *codes, const uint32_t *tables, int lines,
                                      int (&sums)[TOKENS_PER_THREAD][QUAD]) {
    uint32_t even[TOKENS_PER_THREAD] = {};
    uint32_t odd[TOKENS_PER_THREAD] = {};
#pragma unroll 4
    for (int line = 0; line < lines; line++) {
        uint32_t bytes = __ldg((const uint32_t *) (codes + line * BLOCK_TOKENS));
        const uint32_t *table = tables + line * 2 * ENTRIES;
#pragma unroll
        for (int t = 0; t < TOKENS_PER_THREAD; t++) {
            uint32_t low = table[bytes >> (8 * t) & 15];
            uint32_t high = table[ENTRIES + (bytes >> (8 * t + 4) & 15)];
            addSums(low + high, even[t], odd[t]);
        }
    }
#pragma unroll
    for (int t = 0; t < TOKENS_PER_THREAD; t++) {
        int bias = (int) ENTRY_BIAS * 2 * lines;
        sums[t][0] = (int) (even[t] & 0xffff) - bias;
        sums[t][1] = (int) (odd[t] & 0xffff) - bias;
        sums[t][2] = (int) (even[t] >> 16) - bias;
        sums[t][3] = (int) (odd[t] >> 16) - bias;
    }
}

}  // namespace alisa

ALISA_KERNEL(alisa_estimate, 128, 4, alisa::SelectParameters) {
    using namespace alisa;
    const SelectParameters &p = parameters;
    DYNAMIC_SHARED(shared);
    int lines = (p.headSize + 3) / 4;
    int quads = (p.group + QUAD - 1) / QUAD;
    int kvHead = (int) blockIdx.y;
    uint32_t *tables = (uint32_t *) shared;
    float *means = (float *) (tables + quads * lines * 2 * ENTRIES);
    float *units = means + ESTIMATE_BLOCKS * p.group;
    const float *queries = p.queries + (int64_t) kvHead * p.group * p.queryStride;
    int first = (int) blockIdx.x * ESTIMATE_BLOCKS;

    for (int g = warpIndex(); g < p.group; g += WARPS) {
        float unit = unitOf(queries + g * p.queryStride, p.headSize);
        if (lane() == 0) {
            units[g] = unit;
        }
    }
    for (int i = warpIndex(); i < ESTIMATE_BLOCKS; i += WARPS) {
        if (first + i < p.digestBlocks && first + i < p.scoredBlocks) {
            scoreMean(p, kvHead, first + i, means + i * p.group);
        }
    }
    __syncthreads();
    for (int i = (int) threadIdx.x; i < quads * lines * 2 * ENTRIES; i += (int) blockDim.x) {
        int pair = i / ENTRIES % (2 * lines);
        uint32_t word = 0;
        for (int k = 0; k < QUAD; k++) {
            int g = i / (ENTRIES * 2 * lines) * QUAD + k;
            if (g < p.group) {
                float inverse = units[g] == 0 ? 0 : __fdiv_rn(1, units[g]);
                word |= entryOf(queries + g * p.queryStride, p.headSize, pair, i % ENTRIES, inverse) << (8 * k);
            }
        }
        tables[i] = word;
    }
    __syncthreads();

    int token = (int) threadIdx.x % THREADS_PER_SKETCH * TOKENS_PER_THREAD;
    for (int quad = 0; quad < quads; quad++) {
        float best[QUAD] = {negativeInfinity(), negativeInfinity(), negativeInfinity(), negativeInfinity()};
        for (int i = (int) threadIdx.x / THREADS_PER_SKETCH; i < ESTIMATE_BLOCKS;
             i += (int) blockDim.x / THREADS_PER_SKETCH) {
            int block = first + i;
            if (block >= p.scoredBlocks) {
                break;
            }
            bool sketched = block < p.digestBlocks;
            int sums[TOKENS_PER_THREAD][QUAD] = {};
            uint32_t magnitudes = 0;
            if (sketched) {
                const unsigned char *sketch = (const unsigned char *) __ldg(p.sketches + block) +
                                              (int64_t) kvHead * (lines + 1) * BLOCK_TOKENS + token;
                magnitudes = __ldg((const uint32_t *) (sketch + lines * BLOCK_TOKENS));
                sumUp(sketch, tables + quad * lines * 2 * ENTRIES, lines, sums);
            }
#pragma unroll
            for (int k = 0; k < QUAD; k++) {
                int g = quad * QUAD + k;
                if (g < p.group) {
                    float scores[TOKENS_PER_THREAD];
#pragma unroll
                    for (int t = 0; t < TOKENS_PER_THREAD; t++) {
                        if (sketched) {
                            float magnitude = decodeScale(magnitudes >> (8 * t) & 255);
                            float rest = __fmul_rn(magnitude, __fmul_rn(units[g], (float) sums[t][k]));
                            scores[t] = capped(__fadd_rn(means[i * p.group + g], rest), p.softCap);
                        } else {
                            float score = p.newest[((int64_t) kvHead * p.group + g) * BLOCK_TOKENS + token + t];
                            scores[t] = score == negativeInfinity() ? score : capped(score, p.softCap);
                        }
                        best[k] = fmaxf(best[k], scores[t]);
                    }
                    float *to = p.estimates + ((int64_t) kvHead * p.group + g) * p.tokenStride + token;
                    *(float4 *) (to + (int64_t) block * BLOCK_TOKENS) =
                        make_float4(scores[0], scores[1], scores[2], scores[3]);
                }
            }
        }
#pragma unroll
        for (int k = 0; k < QUAD; k++) {
            for (int by = 16; by > 0; by /= 2) {
                best[k] = fmaxf(best[k], __shfl_xor_sync(WARP, best[k], by));
            }
            if (lane() == 0 && quad * QUAD + k < p.group) {
                atomicMax(p.work + (int64_t) kvHead * selectWorkWords(p.group) + quad * QUAD + k, ordered(best[k]));
            }
        }
    }
}
