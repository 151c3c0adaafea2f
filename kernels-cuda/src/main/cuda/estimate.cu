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
constexpr int LINES_AT_ONCE = 16;  // that a thread reads
constexpr int THREADS_PER_SKETCH = BLOCK_TOKENS / TOKENS_PER_THREAD;
constexpr float LEAST_NORMAL = 1.17549435e-38f;

/** Floats as whole numbers in the same order; 0 is less than any. */
__device__ __forceinline__ uint32_t ordered(float x) {
    uint32_t bits = __float_as_uint(x);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/** Score of one unit of a head's tables, computed by a warp; see QuerySketch.unit. The query's last channels are zero. */
__device__ __forceinline__ float unitOf(const float *query, int headSize) {
    float largest = 0;
    for (int c = 2 * lane(); c < headSize; c += 64) {
        largest = fmaxf(largest, fabsf(query[c]) + fabsf(query[c + 1]));
    }
    for (int by = 16; by > 0; by /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(WARP, largest, by));
    }
    float worth = __fdiv_rn(__fmul_rn(largest, 1.5f), (float) LARGEST_ENTRY);
    return worth < LEAST_NORMAL * ENTRIES ? 0 : worth;
}

/** One entry: what two channels add to a score when their codes are `codes`. */
__device__ __forceinline__ uint32_t entryOf(const float *channels, int codes, float inverse) {
    float first = __fmul_rn(channels[0], (float) (codes & 3) - 1.5f);
    float second = __fmul_rn(channels[1], (float) (codes >> 2) - 1.5f);
    return (uint32_t) ((int) rintf(__fmul_rn(__fadd_rn(first, second), inverse)) + (int) ENTRY_BIAS);
}

/** Query times mean key of a block, added up by one thread in the order of channels: the very float of the reference. */
__device__ __forceinline__ float scoreMean(const SelectParameters &p, int kvHead, int block, const float *query) {
    int lines = (p.headSize + 3) / 4;
    const unsigned char *piece = (const unsigned char *) __ldg(p.means + block / BLOCK_TOKENS) +
                                 (int64_t) kvHead * BLOCK_TOKENS * (8 * lines + 2);
    int row = block % BLOCK_TOKENS;
    const uint32_t *key = (const uint32_t *) (piece + row * 8 * lines);
    float scale = decodeScale(__ldg(piece + BLOCK_TOKENS * 8 * lines + row));
    float dot = 0;
#pragma unroll 8
    for (int line = 0; line < lines; line++) {
        uint32_t word = __ldg(key + line);
#pragma unroll
        for (int i = 0; i < 4; i++) {  // what is behind the last channel is zero
            dot = __fadd_rn(dot, __fmul_rn(query[4 * line + i], (float) (signed char) (word >> (8 * i))));
        }
    }
    return __fmul_rn(dot, scale);
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
    for (int first = 0; first < lines; first += LINES_AT_ONCE) {
        uint32_t bytes[LINES_AT_ONCE];
#pragma unroll
        for (int i = 0; i < LINES_AT_ONCE; i++) {
            bytes[i] = first + i < lines ? __ldg((const uint32_t *) (codes + (first + i) * BLOCK_TOKENS)) : 0;
        }
#pragma unroll
        for (int i = 0; i < LINES_AT_ONCE; i++) {
            if (first + i < lines) {
                const uint32_t *table = tables + (first + i) * 2 * ENTRIES;
#pragma unroll
                for (int t = 0; t < TOKENS_PER_THREAD; t++) {
                    uint32_t low = table[bytes[i] >> (8 * t) & 15];
                    uint32_t high = table[ENTRIES + (bytes[i] >> (8 * t + 4) & 15)];
                    addSums(low + high, even[t], odd[t]);
                }
            }
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

ALISA_KERNEL(alisa_estimate, 256, 3, alisa::SelectParameters) {
    using namespace alisa;
    const SelectParameters &p = parameters;
    DYNAMIC_SHARED(shared);
    int lines = (p.headSize + 3) / 4;
    int quads = (p.group + QUAD - 1) / QUAD;
    int kvHead = (int) blockIdx.y;
    uint32_t *tables = (uint32_t *) shared;
    float *queries = (float *) (tables + quads * lines * 2 * ENTRIES);
    float *means = queries + p.group * 4 * lines;
    float *units = means + ESTIMATE_BLOCKS * p.group;
    int first = (int) blockIdx.x * ESTIMATE_BLOCKS;

    for (int i = (int) threadIdx.x; i < p.group * 4 * lines; i += (int) blockDim.x) {
        int channel = i % (4 * lines);
        int64_t head = (int64_t) kvHead * p.group + i / (4 * lines);
        queries[i] = channel < p.headSize ? __ldg(p.queries + head * p.queryStride + channel) : 0;
    }
    __syncthreads();
    for (int g = warpIndex(); g < p.group; g += (int) blockDim.x / 32) {
        float unit = unitOf(queries + g * 4 * lines, p.headSize);
        if (lane() == 0) {
            units[g] = unit;
        }
    }
    for (int i = (int) threadIdx.x; i < ESTIMATE_BLOCKS * p.group; i += (int) blockDim.x) {
        int block = first + i / p.group;
        if (block < p.digestBlocks && block < p.scoredBlocks) {
            means[i] = scoreMean(p, kvHead, block, queries + i % p.group * 4 * lines);
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
                word |= entryOf(queries + g * 4 * lines + 2 * pair, i % ENTRIES, inverse) << (8 * k);
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
                            scores[t] = __fadd_rn(means[i * p.group + g], rest);
                        } else {
                            scores[t] = p.newest[((int64_t) kvHead * p.group + g) * BLOCK_TOKENS + token + t];
                        }
                    }
                    if (p.softCap != 0) {
#pragma unroll
                        for (int t = 0; t < TOKENS_PER_THREAD; t++) {
                            scores[t] = cappedExactly(scores[t], p.softCap);
                        }
                    }
#pragma unroll
                    for (int t = 0; t < TOKENS_PER_THREAD; t++) {
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
