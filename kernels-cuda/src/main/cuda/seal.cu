// Rows of floats become rows of blocks.

#include "device.cuh"
#include "attention.cuh"

namespace alisa {

constexpr float LARGEST_INT8 = 127;

/** ScaleCode.atLeast. */
__device__ __forceinline__ int codeAtLeast(float scale) {
    if (!(scale > decodeScale(0))) {
        return 0;
    }
    int roundedUp = __float_as_int(scale) + (1 << 20) - 1;
    return min(255, (roundedUp >> 20) - (104 << 3));
}

/** Int8Scale.code. */
__device__ __forceinline__ int codeOf(float largest) {
    float scale = decodeScale((uint32_t) codeAtLeast(__fdiv_rn(largest, LARGEST_INT8)));
    return codeAtLeast(__fdiv_rn(__fmul_rn(rintf(__fdiv_rn(largest, scale)), scale), LARGEST_INT8));
}

/** A token's row in a block, which a warp writes: key or value. */
struct SealedRow {
    int token;
    bool isValue;
    const float *from;
    unsigned char *block;

    __device__ __forceinline__ SealedRow(const SealParameters &p) {
        int index = (int) blockIdx.x * 4 + warpIndex() / 2;
        isValue = warpIndex() % 2 != 0;
        int at = p.firstToken + min(index, p.tokens - 1);
        token = at % BLOCK_TOKENS;
        block = index < p.tokens ? (unsigned char *) p.blocks[at / BLOCK_TOKENS] : nullptr;
        from = (isValue ? p.values : p.keys) + (int64_t) index * p.tokenStride + (int64_t) blockIdx.y * p.headStride;
    }
};

}  // namespace alisa

ALISA_KERNEL(alisa_seal, 256, 1, alisa::SealParameters) {
    using namespace alisa;
    const SealParameters &p = parameters;
    SealedRow row(p);
    if (row.block == nullptr) {
        return;
    }
    int rowBytes = (p.headSize + 3) / 4 * 4;
    unsigned char *piece = row.block + (int64_t) blockIdx.y * BLOCK_TOKENS * (2 * rowBytes + 2);
    float largest = 0;
    for (int c = lane(); c < p.headSize; c += 32) {
        largest = fmaxf(largest, fabsf(row.from[c]));  // not where it is not a number
    }
    for (int by = 16; by > 0; by /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(WARP, largest, by));
    }
    int code = codeOf(largest);
    float scale = decodeScale((uint32_t) code);
    for (int c = lane(); c < rowBytes; c += 32) {
        float x = c < p.headSize ? row.from[c] : 0;
        float q = fminf(fmaxf(__fdiv_rn(x, scale), -LARGEST_INT8), LARGEST_INT8);
        piece[(2 * row.token + row.isValue) * rowBytes + c] = (unsigned char) (x == x ? (int) rintf(q) : 0);
    }
    if (lane() == 0) {
        piece[BLOCK_TOKENS * (2 * rowBytes + row.isValue) + row.token] = (unsigned char) code;
    }
}

ALISA_KERNEL(alisa_seal_f16, 256, 1, alisa::SealParameters) {
    using namespace alisa;
    const SealParameters &p = parameters;
    SealedRow row(p);
    if (row.block == nullptr) {
        return;
    }
    uint16_t *to = (uint16_t *) row.block +
                   ((int64_t) blockIdx.y * BLOCK_TOKENS * 2 + 2 * row.token + row.isValue) * p.headSize;
    for (int c = lane(); c < p.headSize; c += 32) {
        to[c] = (uint16_t) packHalves(row.from[c], 0);
    }
}
