// One warp's running softmax over 16 tokens at a time: scores, weights and weighted values on tensor cores.
//
// A cached element is a whole number of at most eight bits, or a half: exact as a half. Queries and weights are floats,
// each the sum of two halves (22 bits), in two rows of the product: rows 0 to 7 of operand A are the larger parts of 8
// query rows, rows 8 to 15 what they lack. Products and sums are in floats, so a product costs no accuracy that matters
// (its error is that of 22 bits), and m16n8k16 is full with 8 query rows.
//
// The scores come out where the second product wants its weights: nothing moves between lanes. Lane 4 * g + q has query
// row g, and of 16 tokens those from 4q to 4q + 3.

#pragma once

#include "rows.cuh"

namespace alisa {

/** The query rows of TILES tiles of 8, and their running softmaxes. */
template <int D, class Element, int TILES, bool QUERIES_IN_REGISTERS>
struct RunningSoftmax {
    static constexpr int STEPS = D / 16;
    static constexpr int COLUMNS = D / 8;
    static constexpr int HALF_ROW = D * Element::BYTES;
    using Rows = SharedRows<2 * HALF_ROW>;
    using KeySlices = Slices<HALF_ROW, 4>;
    using ValueSlices = Slices<HALF_ROW, 8>;
    /** Weights times a value's scale are at most twice 2^WEIGHT_BITS: a half's range, used to the full. */
    static constexpr int WEIGHT_BITS = 14;
    static constexpr int LEAST_EXPONENT = 104;
    static constexpr int ONE_EXPONENT = 127;

    uint32_t query[TILES][QUERIES_IN_REGISTERS ? STEPS : 1][4];
    const uint4 *sharedQuery;
    /** What a product of the halves is to be multiplied by to be a score. */
    float queryScale[TILES];
    float softCap;
    /** What scores, as they are kept here, are to be multiplied by to be exponents of two. */
    float toLog2[TILES];
    /** Largest score so far. Without a cap scores lack the factor queryScale. */
    float largest[TILES];
    /** This lane's part of the sum of weights. */
    float sum[TILES];
    /** Weighted values, times 2^(WEIGHT_BITS + 127 - exponent); rows 0 to 7 and 8 to 15 are to be added. */
    float values[TILES][COLUMNS][4];
    /** The largest exponent of a value's scale so far. */
    int exponent;
    /** Where the lane's pieces are in a tile: of its key, and of its first two values. */
    int keyAt[KeySlices::PIECES];
    int valueAt[2][ValueSlices::PIECES];

    /** A lane's channels of query rows. They are asked for all at once, and before any tile: they would come behind it. */
    struct QueryChannels {
        float4 of[TILES][STEPS];

        /** @param rows of this warp's query rows, `stride` floats apart; those from `count` on are taken to be zero */
        __device__ __forceinline__ QueryChannels(const float *rows, int stride, int count) {
#pragma unroll
            for (int tile = 0; tile < TILES; tile++) {
                int row = 8 * tile + lane() / 4;
                bool exists = row < count;
#pragma unroll
                for (int step = 0; step < STEPS; step++) {
                    int channel = KeySlices::offset(lane() % 4, Element::keyByte(step)) / Element::BYTES;
                    of[tile][step] =
                        exists ? *(const float4 *) (rows + row * stride + channel) : make_float4(0, 0, 0, 0);
                }
            }
        }
    };

    /** @param shared where a warp's queries go that has no room for them in registers */
    __device__ __forceinline__ void begin(const QueryChannels &channels, float cap, unsigned char *shared) {
        int g = lane() / 4;
        int q = lane() % 4;
        softCap = cap;
        exponent = Element::SCALED ? LEAST_EXPONENT : ONE_EXPONENT;
        sharedQuery = (const uint4 *) shared;
        Rows::template placePieces<HALF_ROW, 4>(4 * (g >> 1) + (g & 1), 0, q, keyAt);
        Rows::template placePieces<HALF_ROW, 8>(4 * q, HALF_ROW, g, valueAt[0]);
        Rows::template placePieces<HALF_ROW, 8>(4 * q + 1, HALF_ROW, g, valueAt[1]);
#pragma unroll
        for (int tile = 0; tile < TILES; tile++) {
            largest[tile] = negativeInfinity();
            sum[tile] = 0;
#pragma unroll
            for (int i = 0; i < COLUMNS; i++) {
                values[tile][i][0] = values[tile][i][1] = values[tile][i][2] = values[tile][i][3] = 0;
            }
            float most = 0;
#pragma unroll
            for (int step = 0; step < STEPS; step++) {
                const float4 &x = channels.of[tile][step];
                most = fmaxf(fmaxf(fmaxf(most, fabsf(x.x)), fmaxf(fabsf(x.y), fabsf(x.z))), fabsf(x.w));
            }
            most = fmaxf(most, __shfl_xor_sync(WARP, most, 1));
            most = fmaxf(most, __shfl_xor_sync(WARP, most, 2));
            // A power of two that brings the row's largest channel to 2^8: the lesser parts are no subnormal halves.
            int bits = max((int) (__float_as_uint(most) >> 23), 40);
            float factor = __uint_as_float((uint32_t) (2 * ONE_EXPONENT + 8 - bits) << 23);
            queryScale[tile] = __uint_as_float((uint32_t) (bits - 8) << 23);
            toLog2[tile] = (cap == 0 ? queryScale[tile] : 1) * LOG2_E;
#pragma unroll
            for (int step = 0; step < STEPS; step++) {
                uint32_t a[4];
                const float4 &x = channels.of[tile][step];
                split(x.x * factor, x.y * factor, a[0], a[1]);
                split(x.z * factor, x.w * factor, a[2], a[3]);
                if constexpr (QUERIES_IN_REGISTERS) {
                    query[tile][step][0] = a[0];
                    query[tile][step][1] = a[1];
                    query[tile][step][2] = a[2];
                    query[tile][step][3] = a[3];
                } else {
                    ((uint4 *) shared)[(tile * STEPS + step) * 32 + lane()] = {a[0], a[1], a[2], a[3]};
                }
            }
        }
    }

    /** Two floats as the sum of halves. */
    static __device__ __forceinline__ void split(float x, float y, uint32_t &large, uint32_t &small) {
        large = packHalves(x, y);
        small = packHalves(x - lowHalf(large), y - highHalf(large));
    }

    /** Folds in the 16 rows of a tile. */
    __device__ __forceinline__ void attend(const unsigned char *rows, const TokenScales &scales) {
        float scores[TILES][4];
        score(rows, scores);
        int mostExponent = exponent;
        if constexpr (Element::SCALED) {
            float most = fmaxf(fmaxf(scales.value[0], scales.value[1]), fmaxf(scales.value[2], scales.value[3]));
            mostExponent = max(exponent, (int) (__reduce_max_sync(WARP, __float_as_uint(most)) >> 23));
        }
        uint32_t weights[TILES][4];
        float shrink[TILES];
        bool changed = mostExponent != exponent;
        float unit = __uint_as_float((uint32_t) (2 * ONE_EXPONENT + WEIGHT_BITS - mostExponent) << 23);
#pragma unroll
        for (int tile = 0; tile < TILES; tile++) {
            float most = largest[tile];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                if constexpr (Element::SCALED) {
                    scores[tile][i] *= scales.key[i];
                }
            }
            if (softCap != 0) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    scores[tile][i] = capped(scores[tile][i] * queryScale[tile], softCap);
                }
            }
#pragma unroll
            for (int i = 0; i < 4; i++) {
                scores[tile][i] = scales.valid[i] ? scores[tile][i] : negativeInfinity();
                most = fmaxf(most, scores[tile][i]);
            }
            most = fmaxf(most, __shfl_xor_sync(WARP, most, 1));
            most = fmaxf(most, __shfl_xor_sync(WARP, most, 2));
            float top = most * toLog2[tile];
            shrink[tile] = powerOfTwo((largest[tile] - most) * toLog2[tile]);
            changed |= most != largest[tile];
            largest[tile] = most;
            sum[tile] *= shrink[tile];
            float w[4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                w[i] = powerOfTwo(fmaf(scores[tile][i], toLog2[tile], -top));
                sum[tile] += w[i];
                w[i] *= Element::SCALED ? scales.value[i] * unit : unit;
            }
            split(w[0], w[1], weights[tile][0], weights[tile][1]);
            split(w[2], w[3], weights[tile][2], weights[tile][3]);
        }
        if (__any_sync(WARP, changed)) {  // seldom: a new largest score among many is rare
            float down = __uint_as_float((uint32_t) (ONE_EXPONENT + exponent - mostExponent) << 23);
#pragma unroll
            for (int tile = 0; tile < TILES; tile++) {
#pragma unroll
                for (int i = 0; i < COLUMNS; i++) {
#pragma unroll
                    for (int k = 0; k < 4; k++) {
                        values[tile][i][k] *= shrink[tile] * down;
                    }
                }
            }
            exponent = mostExponent;
        }
        addValues(rows, weights);
    }

    __device__ __forceinline__ void score(const unsigned char *rows, float (&scores)[TILES][4]) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            uint32_t slice[KeySlices::WORDS];
            Rows::template read<HALF_ROW, 4>(rows + half * 4 * HALF_ROW, keyAt, slice);
            float c[TILES][4];
#pragma unroll
            for (int tile = 0; tile < TILES; tile++) {
                c[tile][0] = c[tile][1] = c[tile][2] = c[tile][3] = 0;
            }
#pragma unroll
            for (int step = 0; step < STEPS; step++) {
                uint32_t b0, b1;
                Element::key(slice, step, b0, b1);
#pragma unroll
                for (int tile = 0; tile < TILES; tile++) {
                    if constexpr (QUERIES_IN_REGISTERS) {
                        multiplyAdd(c[tile], query[tile][step], b0, b1);
                    } else {
                        uint4 a = sharedQuery[(tile * STEPS + step) * 32 + lane()];
                        uint32_t operand[4] = {a.x, a.y, a.z, a.w};
                        multiplyAdd(c[tile], operand, b0, b1);
                    }
                }
            }
#pragma unroll
            for (int tile = 0; tile < TILES; tile++) {
                scores[tile][2 * half] = c[tile][0] + c[tile][2];
                scores[tile][2 * half + 1] = c[tile][1] + c[tile][3];
            }
        }
    }

    __device__ __forceinline__ void addValues(const unsigned char *rows, const uint32_t (&weights)[TILES][4]) {
        uint32_t slices[4][ValueSlices::WORDS];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            Rows::template read<HALF_ROW, 8>(rows + i / 2 * 4 * HALF_ROW, valueAt[i % 2], slices[i]);
        }
#pragma unroll
        for (int word = 0; word < ValueSlices::WORDS; word++) {
            Element::values(slices, word, COLUMNS - 4 / Element::BYTES * word,
                            [&](int column, uint32_t b0, uint32_t b1) {
#pragma unroll
                                for (int tile = 0; tile < TILES; tile++) {
                                    multiplyAdd(values[tile][column], weights[tile], b0, b1);
                                }
                            });
        }
    }

    /** Writes the warp's partials: 8 * TILES rows, `stride` floats apart; largest scores as exponents of two. */
    __device__ __forceinline__ void finish(float *partials, int stride) {
        int g = lane() / 4;
        int q = lane() % 4;
        float unit = __uint_as_float((uint32_t) (exponent - WEIGHT_BITS) << 23);
#pragma unroll
        for (int tile = 0; tile < TILES; tile++) {
            float total = sum[tile] + __shfl_xor_sync(WARP, sum[tile], 1);
            total += __shfl_xor_sync(WARP, total, 2);
            float *partial = partials + (8 * tile + g) * stride;
            if (q == 0) {
                *(float4 *) partial = make_float4(largest[tile] * toLog2[tile], total, 0, 0);
            }
#pragma unroll
            for (int i = 0; i < COLUMNS; i++) {
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    int channel = ValueSlices::offset(2 * q + k, i * Element::BYTES) / Element::BYTES;
                    partial[PARTIAL_HEAD + channel] = (values[tile][i][k] + values[tile][i][2 + k]) * unit;
                }
            }
        }
    }
};

}  // namespace alisa
