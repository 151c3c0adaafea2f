// Who copies which rows into a warp's ring of tiles: the dense and the gathered order.
//
// A warp copies for itself alone, so warps do not wait for each other but to share out what is selected. Addresses of blocks
// are read for many blocks at once, a batch ahead.

#pragma once

#include "rows.cuh"

namespace alisa {

/** Where the blocks of a sequence are, and where in a block the piece of the KV head is. */
struct Span {
    const uint64_t *blocks;
    const uint64_t *selected;
    int64_t pieceOffset;
};

__device__ __forceinline__ int warps() {
    return (int) (blockDim.x / 32);
}

/**
 * The quarters of blocks from one to another, those on the device: as many warps as there are take one each in turn. The
 * number of warps is a multiple of four, so a warp has the same quarter of every block.
 */
template <int D, class Element>
class DenseFeed {
    static constexpr int ROW = 2 * D * Element::BYTES;
    static constexpr int SCALES = TILE_TOKENS * ROW;
    static constexpr int QUARTERS = BLOCK_TOKENS / TILE_TOKENS;

    Span span;
    int next;
    int end;
    uint64_t address;
    uint64_t upcoming;
    uint32_t left;
    /** This lane's first piece of the warp's quarter, and its piece of the scales. */
    int source;
    int scaleSource;
    static constexpr int COPIES = SCALES / 512;
    /** So few that they are kept in registers. */
    static constexpr bool KEPT = COPIES <= 8;
    int target[KEPT ? COPIES : 1];

    static __device__ __forceinline__ int place(int copy) {
        int at = (32 * copy + lane()) * 16;
        return SharedRows<ROW>::place(at / ROW, at % ROW);
    }

    __device__ __forceinline__ uint64_t load() const {
        int quarter = next + warps() * lane();
        return quarter < end ? __ldg(span.blocks + quarter / QUARTERS) : 0;
    }

public:
    /** A split's share of so many blocks. */
    __device__ __forceinline__ void begin(const Span &of, int blocks, unsigned char *) {
        int64_t quarters = (int64_t) blocks * QUARTERS;
        begin(of, (int) (blockIdx.x * quarters / gridDim.x), (int) ((blockIdx.x + 1) * quarters / gridDim.x));
    }

    __device__ __forceinline__ void begin(const Span &of, int firstQuarter, int endQuarter) {
        span = of;
        next = firstQuarter + warpIndex();
        end = endQuarter;
        left = 0;
        address = 0;
        upcoming = load();
        int quarter = next % QUARTERS;
        source = kept(quarter * SCALES + lane() * 16);
        scaleSource = kept(BLOCK_TOKENS * (ROW + lane()) + TILE_TOKENS * quarter);
        if constexpr (KEPT) {
#pragma unroll
            for (int i = 0; i < COPIES; i++) {
                target[i] = kept(place(i));
            }
        }
    }

    /** Starts to copy the next tile; false where there is none. */
    __device__ __forceinline__ bool copyNext(unsigned char *tile) {
        while (left == 0) {
            if (next >= end) {
                return false;
            }
            address = upcoming;
            left = __ballot_sync(WARP, address != 0);
            next += 32 * warps();
            upcoming = load();
        }
        int from = __ffs(left) - 1;
        left &= left - 1;
        const unsigned char *piece = (const unsigned char *) (__shfl_sync(WARP, address, from) + span.pieceOffset);
        const unsigned char *rows = piece + source;
#pragma unroll
        for (int i = 0; i < COPIES; i++) {
            copyAsync16OfMany(tile + (KEPT ? target[KEPT ? i : 0] : place(i)), rows + 512 * i);
        }
        if (Element::SCALED && lane() < 2) {
            copyAsync16(tile + SCALES + 16 * lane(), piece + scaleSource);
        }
        return true;
    }

    static __device__ __forceinline__ void readScales(const unsigned char *tile, TokenScales &scales) {
        if constexpr (Element::SCALED) {
            decodeScales(*(const uint32_t *) (tile + SCALES + 4 * (lane() % 4)), scales.key);
            decodeScales(*(const uint32_t *) (tile + SCALES + 16 + 4 * (lane() % 4)), scales.value);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            scales.valid[i] = true;
        }
    }
};

/**
 * The selected rows of every block in so many as there are splits: the thread block lists them, a round of blocks at a time,
 * and each warp has as many of a round's as any other, whatever is selected. All warps take part in all rounds.
 */
template <int D>
class GatheredFeed {
    static constexpr int ROW = 2 * D;
    static constexpr int SCALES = TILE_TOKENS * ROW;
    static constexpr int PLACES = SCALES + TILE_TOKENS * 8;
    static constexpr unsigned char NO_TOKEN = 255;

    Span span;
    /** The first block of the round that is listed next, and where the blocks end. */
    int next;
    int end;
    uint64_t upcoming;
    uint32_t upcomingTokens;
    /** Of the round's blocks: addresses, two threads to a block; then per row the block in the round and the token. */
    uint64_t *pieces;
    uint16_t *rows;
    uint32_t *counts;
    /** This warp's rows that are left. */
    int taken;
    int listed;
    static constexpr int COPIES = SCALES / 512;
    static constexpr bool KEPT = COPIES <= 8;
    int target[KEPT ? COPIES : 1];
    /** Where the codes begin in a piece that this lane copies: of keys or, in the upper half of the warp, of values. */
    int scaleSource;

    static __device__ __forceinline__ int place(int copy) {
        int at = (32 * copy + lane()) * 16;
        return SharedRows<ROW>::place(at / ROW, at % ROW);
    }

    /** A thread's half of a block. */
    __device__ __forceinline__ void load() {
        int block = next + (int) (threadIdx.x / 2 * gridDim.x);
        bool exists = block < end;
        upcoming = exists ? __ldg(span.blocks + block) : 0;
        upcomingTokens = exists ? __ldg((const uint32_t *) (span.selected + block) + threadIdx.x % 2) : 0;
    }

    __device__ __forceinline__ void listRound() {
        uint32_t tokens = upcoming == 0 ? 0 : upcomingTokens;
        uint64_t piece = upcoming + (uint64_t) span.pieceOffset;
        next += (int) (blockDim.x / 2 * gridDim.x);
        load();
        uint32_t count = (uint32_t) __popc(tokens);
        uint32_t at = count;
#pragma unroll
        for (int by = 1; by < 32; by *= 2) {
            uint32_t before = __shfl_up_sync(WARP, at, by);
            at += lane() >= by ? before : 0;
        }
        if (lane() == 31) {
            counts[warpIndex()] = at;
        }
        __syncthreads();  // and nobody reads the round before any more
        // Rows of all warps, and in the upper half of the word of those before this one: 2^14 at most.
        uint32_t sums = lane() < warps() ? counts[lane()] : 0;
        sums |= lane() < warpIndex() ? sums << 16 : 0;
#pragma unroll
        for (int by = 16; by > 0; by /= 2) {
            sums += __shfl_xor_sync(WARP, sums, by);
        }
        at += (sums >> 16) - count;
        if (threadIdx.x % 2 == 0) {
            pieces[threadIdx.x / 2] = piece;
        }
        for (; tokens != 0; at++) {
            rows[at] = (uint16_t) (threadIdx.x << 5 | (uint32_t) (__ffs(tokens) - 1));
            tokens &= tokens - 1;
        }
        __syncthreads();
        int all = (int) (sums & 0xffff);
        taken = all * warpIndex() / warps();
        listed = all * (warpIndex() + 1) / warps();
    }

public:
    /** A split's share of so many blocks. */
    __device__ __forceinline__ void begin(const Span &of, int blocks, unsigned char *shared) {
        span = of;
        pieces = (uint64_t *) shared;
        rows = (uint16_t *) (pieces + blockDim.x / 2);
        counts = (uint32_t *) (rows + blockDim.x / 2 * BLOCK_TOKENS);
        next = (int) blockIdx.x;
        end = blocks;
        listed = taken = 0;
        load();
        scaleSource = kept(BLOCK_TOKENS * (ROW + (lane() >> 4)));
        if constexpr (KEPT) {
#pragma unroll
            for (int i = 0; i < COPIES; i++) {
                target[i] = kept(place(i));
            }
        }
    }

    __device__ __forceinline__ bool copyNext(unsigned char *tile) {
        while (taken == listed) {
            if (next >= end) {
                return false;
            }
            listRound();
        }
        int count = min(TILE_TOKENS, listed - taken);
        // Lane r and lane 16 + r look up row r: where its piece is, and which token it is of.
        int row = lane() % TILE_TOKENS;
        int entry = row < count ? rows[taken + row] : 0;
        const unsigned char *piece = (const unsigned char *) pieces[entry / BLOCK_TOKENS];
        int token = entry % BLOCK_TOKENS;
        uint64_t begins = (uint64_t) (piece + token * ROW);
#pragma unroll
        for (int i = 0; i < COPIES; i++) {
            int at = (32 * i + lane()) * 16;
            const unsigned char *from = (const unsigned char *) __shfl_sync(WARP, begins, at / ROW) + at % ROW;
            if (at / ROW < count) {
                copyAsync16(tile + (KEPT ? target[KEPT ? i : 0] : place(i)), from);
            }
        }
        if (row < count) {
            copyAsync4(tile + SCALES + 4 * lane(), piece + (scaleSource + (token & ~3)));
        }
        if (lane() < TILE_TOKENS) {
            tile[PLACES + lane()] = lane() < count ? (unsigned char) (token & 3) : NO_TOKEN;
        }
        taken += count;
        return true;
    }

    static __device__ __forceinline__ void readScales(const unsigned char *tile, TokenScales &scales) {
        const uint32_t *keys = (const uint32_t *) (tile + SCALES) + 4 * (lane() % 4);
        const uint32_t *values = keys + TILE_TOKENS;
        uint32_t places = *(const uint32_t *) (tile + PLACES + 4 * (lane() % 4));
#pragma unroll
        for (int i = 0; i < 4; i++) {
            uint32_t place = places >> (8 * i) & 255;
            scales.valid[i] = place != NO_TOKEN;
            scales.key[i] = scales.valid[i] ? decodeScale(__byte_perm(keys[i], 0, 0x4440 | place)) : 0;
            scales.value[i] = scales.valid[i] ? decodeScale(__byte_perm(values[i], 0, 0x4440 | place)) : 0;
        }
    }
};

}  // namespace alisa
