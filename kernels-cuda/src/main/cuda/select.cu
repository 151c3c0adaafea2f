// Which tokens are attended: the most important ones by an exact threshold, as bit masks; and what the others weigh.
//
// A token's rank is a whole number of 64 bits, importance before position: no two are equal, so "the k best" is always
// exactly k tokens. A histogram finds the bin that the k-th is in, and only that bin's tokens are looked at closer.

#include "device.cuh"
#include "join.cuh"

namespace alisa {

constexpr float BINS_PER_UNIT = BINS / 64.0f;  // what lies e^-64 below the best shares the last bin
constexpr int SELECT_THREADS = 256;
constexpr int FEW_RANKS = 512;
constexpr int MASK_HEADS = 4;  // query heads whose estimates a thread holds at once
constexpr int SELECT_TOKENS = SELECT_BLOCKS * BLOCK_TOKENS;

/** What the launches of a selection leave for each other, per KV head. */
struct SelectWork {
    uint32_t *best;
    uint32_t *histogram;
    uint32_t *ticket;
    uint32_t *candidates;
    /** Two words: tokens of a lower rank are chosen. */
    uint32_t *cut;

    __device__ __forceinline__ SelectWork(const SelectParameters &p, int kvHead) {
        best = p.work + (int64_t) kvHead * selectWorkWords(p.group);
        histogram = best + p.group;
        ticket = histogram + BINS;
        candidates = ticket + 1;
        cut = ticket + 2;
    }

    __device__ __forceinline__ float bestScore(int g) const {
        uint32_t bits = best[g];
        return __uint_as_float(bits & 0x80000000u ? bits & 0x7fffffffu : ~bits);
    }
};

__device__ __forceinline__ int binOf(float importance) {
    return importance > -64 ? min(BINS - 1, (int) (-importance * BINS_PER_UNIT)) : BINS - 1;
}

/** The less, the sooner a token is chosen: of equally important ones the newer, as TopTokens does. */
__device__ __forceinline__ uint64_t rankOf(float importance, int token) {
    return (uint64_t) __float_as_uint(fabsf(importance)) << 32 | ~(uint32_t) token;
}

__device__ __forceinline__ bool isPinned(const SelectParameters &p, int token) {
    return p.pinned != nullptr && token < p.tokens && (__ldg(p.pinned + token / BLOCK_TOKENS) >> token % BLOCK_TOKENS & 1);
}

__device__ __forceinline__ bool mayBeChosen(const SelectParameters &p, int token) {
    return token >= p.sinks && token < p.windowStart && !isPinned(p, token);
}

/**
 * Where the running sum of counts reaches `wanted`; by all threads of a block.
 *
 * @param counts of PER_THREAD * blockDim entries
 * @param below  filled with the sum before the entry
 */
template <int PER_THREAD>
__device__ __forceinline__ int findEntry(const uint32_t *counts, uint32_t wanted, uint32_t &below) {
    __shared__ uint32_t ofWarps[SELECT_THREADS / 32];
    __shared__ uint32_t found[2];
    uint32_t own = 0;
#pragma unroll
    for (int i = 0; i < PER_THREAD; i++) {
        own += counts[(int) threadIdx.x * PER_THREAD + i];
    }
    uint32_t end = own;
    for (int by = 1; by < 32; by *= 2) {
        uint32_t before = __shfl_up_sync(WARP, end, by);
        end += lane() >= by ? before : 0;
    }
    if (lane() == 31) {
        ofWarps[warpIndex()] = end;
    }
    __syncthreads();
    for (int warp = 0; warp < warpIndex(); warp++) {
        end += ofWarps[warp];
    }
    uint32_t sum = end - own;
    if (sum < wanted && end >= wanted) {
        int entry = (int) threadIdx.x * PER_THREAD;
        while (sum + counts[entry] < wanted) {
            sum += counts[entry++];
        }
        found[0] = (uint32_t) entry;
        found[1] = sum;
    }
    __syncthreads();
    below = found[1];
    return (int) found[0];
}

/** The `wanted`-th lowest of a few ranks: the one that as many are lower than; by all threads of a block. */
__device__ __forceinline__ uint64_t findAmongFew(const uint64_t *ranks, uint32_t count, uint32_t wanted) {
    __shared__ uint64_t all[FEW_RANKS];
    __shared__ uint64_t found;
    for (uint32_t i = threadIdx.x; i < count; i += SELECT_THREADS) {
        all[i] = __ldcg(ranks + i);
    }
    __syncthreads();
    for (uint32_t i = threadIdx.x; i < count; i += SELECT_THREADS) {
        uint32_t lower = 0;
#pragma unroll 8
        for (uint32_t k = 0; k < count; k++) {
            lower += all[k] < all[i] ? 1 : 0;
        }
        if (lower == wanted - 1) {
            found = all[i];
        }
    }
    __syncthreads();
    return found;
}

/** The `wanted`-th lowest of some ranks, digit by digit where they are many; by all threads of a block. */
__device__ __forceinline__ uint64_t findRank(const uint64_t *ranks, uint32_t count, uint32_t wanted) {
    if (count <= FEW_RANKS) {
        return findAmongFew(ranks, count, wanted);
    }
    __shared__ uint32_t digits[SELECT_THREADS];
    uint64_t rank = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        digits[threadIdx.x] = 0;
        __syncthreads();
        for (uint32_t i = threadIdx.x; i < count; i += SELECT_THREADS) {
            uint64_t each = __ldcg(ranks + i);
            if (shift == 56 || each >> (shift + 8) == rank >> (shift + 8)) {
                atomicAdd(&digits[each >> shift & 255], 1u);
            }
        }
        __syncthreads();
        uint32_t below;
        rank |= (uint64_t) findEntry<1>(digits, wanted, below) << shift;
        wanted -= below;
        __syncthreads();
    }
    return rank;
}

/** e^x to within 3 percent, for x <= 0, with the bits of ScalarSelectionKernels.minusRoughExp. */
__device__ __forceinline__ float roughExp(float x) {
    constexpr int SHIFT = 7;
    constexpr float PER_UNIT = 12102203.161561485f / (1 << SHIFT);
    constexpr float ONE = (1 << 23) + (((127 << 23) - 366393) >> SHIFT);
    return x >= -86 ? -__uint_as_float(__float_as_uint(__fmaf_rn(x, PER_UNIT, ONE)) << SHIFT) : 0;
}

/** The sums over the warp of four numbers a lane: lane l has that of number 2 * (l % 2) + l / 2 % 2. */
__device__ __forceinline__ float addUp(const float (&x)[4]) {
    static_assert(MASK_HEADS == 4, "four");
    bool upper = lane() & 1;
    float first = (upper ? x[2] : x[0]) + __shfl_xor_sync(WARP, upper ? x[0] : x[2], 1);
    float second = (upper ? x[3] : x[1]) + __shfl_xor_sync(WARP, upper ? x[1] : x[3], 1);
    upper = lane() & 2;
    float sum = (upper ? second : first) + __shfl_xor_sync(WARP, upper ? first : second, 2);
    for (int by = 4; by < 32; by *= 2) {
        sum += __shfl_xor_sync(WARP, sum, by);
    }
    return sum;
}

/** Reads the estimates of a lane's two tokens of a block, for some query heads from `first` on; zero where not `wanted`. */
__device__ __forceinline__ void readEstimates(const SelectParameters &p, int kvHead, int first, bool wanted, int token,
                                              float (&estimates)[MASK_HEADS][2]) {
#pragma unroll
    for (int i = 0; i < MASK_HEADS; i++) {
        bool exists = wanted && first + i < p.group;
        const float *row = p.estimates + ((int64_t) kvHead * p.group + first + i) * p.tokenStride + token;
        estimates[i][0] = exists ? row[0] : 0;
        estimates[i][1] = exists ? row[32] : 0;
    }
}

}  // namespace alisa

ALISA_KERNEL(alisa_select_importance, 256, 1, alisa::SelectParameters) {
    using namespace alisa;
    const SelectParameters &p = parameters;
    int kvHead = (int) blockIdx.y;
    SelectWork work(p, kvHead);
    __shared__ uint32_t histogram[BINS];
    for (int i = (int) threadIdx.x; i < BINS; i += SELECT_THREADS) {
        histogram[i] = 0;
    }
    __syncthreads();
    int end = min(((int) blockIdx.x + 1) * SELECT_TOKENS, p.scoredBlocks * BLOCK_TOKENS);
    for (int token = (int) blockIdx.x * SELECT_TOKENS + 4 * (int) threadIdx.x; token < end; token += 4 * SELECT_THREADS) {
        float most[4] = {negativeInfinity(), negativeInfinity(), negativeInfinity(), negativeInfinity()};
#pragma unroll 4
        for (int g = 0; g < p.group; g++) {
            float best = work.bestScore(g);
            int64_t row = (int64_t) kvHead * p.group + g;
            float4 x = *(const float4 *) (p.estimates + row * p.tokenStride + token);
            most[0] = fmaxf(most[0], x.x - best);
            most[1] = fmaxf(most[1], x.y - best);
            most[2] = fmaxf(most[2], x.z - best);
            most[3] = fmaxf(most[3], x.w - best);
        }
        for (int i = 0; i < 4; i++) {
            if (mayBeChosen(p, token + i)) {
                atomicAdd(&histogram[binOf(most[i])], 1u);
            }
        }
        *(float4 *) (p.importance + (int64_t) kvHead * p.tokenStride + token) =
            make_float4(most[0], most[1], most[2], most[3]);
    }
    __syncthreads();
    for (int i = (int) threadIdx.x; i < BINS; i += SELECT_THREADS) {
        if (histogram[i] != 0) {
            atomicAdd(work.histogram + i, histogram[i]);
        }
    }
}

ALISA_KERNEL(alisa_select_threshold, 256, 1, alisa::SelectParameters) {
    using namespace alisa;
    const SelectParameters &p = parameters;
    int kvHead = (int) blockIdx.y;
    SelectWork work(p, kvHead);
    uint32_t wanted = (uint32_t) min(p.wanted, p.windowStart - p.sinks);
    uint32_t below;
    int bin = findEntry<BINS / SELECT_THREADS>(work.histogram, wanted, below);
    uint64_t *candidates = p.candidates + (int64_t) kvHead * p.tokenStride;
    int end = min(((int) blockIdx.x + 1) * SELECT_TOKENS, p.scoredBlocks * BLOCK_TOKENS);
    int first = (int) blockIdx.x * SELECT_TOKENS + (int) threadIdx.x;
    constexpr int PER_THREAD = SELECT_TOKENS / SELECT_THREADS;
    float importance[PER_THREAD];
#pragma unroll
    for (int i = 0; i < PER_THREAD; i++) {
        int token = first + i * SELECT_THREADS;
        importance[i] = token < end ? p.importance[(int64_t) kvHead * p.tokenStride + token] : 0;
    }
#pragma unroll
    for (int i = 0; i < PER_THREAD; i++) {
        int token = first + i * SELECT_THREADS;
        if (token < end && binOf(importance[i]) == bin && mayBeChosen(p, token)) {
            candidates[atomicAdd(work.candidates, 1u)] = rankOf(importance[i], token);
        }
    }
    if (isLast(work.ticket, (int) gridDim.x)) {
        uint64_t cut = findRank(candidates, __ldcg(work.candidates), wanted - below) + 1;
        if (threadIdx.x == 0) {
            work.cut[0] = (uint32_t) cut;
            work.cut[1] = (uint32_t) (cut >> 32);
        }
    }
}

ALISA_KERNEL(alisa_select_masks, 256, 1, alisa::SelectParameters) {
    using namespace alisa;
    const SelectParameters &p = parameters;
    int kvHead = (int) blockIdx.y;
    SelectWork work(p, kvHead);
    uint64_t cut = (uint64_t) work.cut[1] << 32 | work.cut[0];
    int end = min(((int) blockIdx.x + 1) * SELECT_BLOCKS,
                  max(p.digestBlocks, (p.tokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS));
    for (int block = (int) blockIdx.x * SELECT_BLOCKS + warpIndex(); block < end; block += SELECT_THREADS / 32) {
        bool weighed = p.mass != nullptr && block < p.digestBlocks;
        bool scored = cut != 0 && block < p.scoredBlocks;
        float importance[2];
        float estimates[MASK_HEADS][2];
        int tokens = block * BLOCK_TOKENS + lane();
#pragma unroll
        for (int half = 0; half < 2; half++) {
            importance[half] = scored ? p.importance[(int64_t) kvHead * p.tokenStride + tokens + 32 * half] : 0;
        }
        readEstimates(p, kvHead, 0, weighed && scored, tokens, estimates);
        uint64_t word = 0;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int token = tokens + 32 * half;
            bool attended = token < p.sinks || (token >= p.windowStart && token < p.tokens) || isPinned(p, token);
            attended |= scored && rankOf(importance[half], token) < cut && mayBeChosen(p, token);
            word |= (uint64_t) __ballot_sync(WARP, attended) << (32 * half);
        }
        if (lane() == 0 && block * BLOCK_TOKENS < p.tokens) {
            p.selected[(int64_t) kvHead * p.blockStride + block] = word;
        }
        for (int first = 0; weighed && first < p.group; first += MASK_HEADS) {
            if (first > 0) {
                readEstimates(p, kvHead, first, scored, tokens, estimates);
            }
            float sums[MASK_HEADS];
#pragma unroll
            for (int i = 0; i < MASK_HEADS; i++) {
                float best = first + i < p.group ? work.bestScore(first + i) : 0;
                sums[i] = 0;
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    bool skipped = scored && !(word >> (32 * half + lane()) & 1);
                    sums[i] += skipped ? roughExp(estimates[i][half] - best) : 0;
                }
            }
            float sum = addUp(sums);
            int g = first + (lane() & 1) * 2 + (lane() >> 1 & 1);
            if (lane() < MASK_HEADS && g < p.group) {
                p.mass[((int64_t) kvHead * p.group + g) * p.blockStride + block] = sum;
            }
        }
    }
    if (p.references != nullptr && blockIdx.x == 0) {
        for (int g = (int) threadIdx.x; g < p.group; g += SELECT_THREADS) {
            p.references[kvHead * p.group + g] = cut != 0 ? work.bestScore(g) : negativeInfinity();
        }
    }
    if (isLast(work.ticket, (int) gridDim.x)) {
        for (int i = (int) threadIdx.x; i < selectWorkWords(p.group); i += SELECT_THREADS) {
            work.best[i] = 0;
        }
    }
}
