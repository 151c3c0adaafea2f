// Who copies which rows into a warp's ring of tiles: the dense and the gathered order.
//
// A warp copies for itself alone, so warps never wait for each other. Addresses of blocks are read for many blocks at
// once, a batch ahead.

#pragma once

#include "rows.cuh"

namespace alisa {

/** The blocks of a split, and where in a block the piece of the KV head is. */
struct Span {
    const uint64_t *blocks;
    const uint64_t *selected;
    int first;
    int end;
    int64_t pieceOffset;
};

/** Warp w takes the w-th quarter of every block that is on the device: the warps have equal shares of any split. */
template <int D, class Element>
class DenseFeed {
    static constexpr int ROW = 2 * D * Element::BYTES;
    static constexpr int SCALES = TILE_TOKENS * ROW;

    Span span;
    int next;
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

    __device__ __forceinline__ uint64_t load(int batch) const {
        int block = batch + lane();
        return block < span.end ? __ldg(span.blocks + block) : 0;
    }

public:
    __device__ __forceinline__ void begin(const Span &of, unsigned char *) {
        span = of;
        next = of.first;
        left = 0;
        address = 0;
        upcoming = load(next);
        source = kept(warpIndex() * SCALES + lane() * 16);
        scaleSource = kept(BLOCK_TOKENS * (ROW + lane()) + TILE_TOKENS * warpIndex());
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
            if (next >= span.end) {
                return false;
            }
            address = upcoming;
            left = __ballot_sync(WARP, address != 0);
            next += 32;
            upcoming = load(next);
        }
        int from = __ffs(left) - 1;
        left &= left - 1;
        const unsigned char *piece = (const unsigned char *) (__shfl_sync(WARP, address, from) + span.pieceOffset);
        const unsigned char *rows = piece + source;
#pragma unroll
        for (int i = 0; i < COPIES; i++) {
            copyAsync16(tile + (KEPT ? target[KEPT ? i : 0] : place(i)), rows + 512 * i);
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

/** Warp w takes the selected rows of every fourth block, 16 to a tile; tiles reach over a batch of blocks. */
template <int D>
class GatheredFeed {
    static constexpr int ROW = 2 * D;
    static constexpr int SCALES = TILE_TOKENS * ROW;
    static constexpr int PLACES = SCALES + TILE_TOKENS * 8;
    static constexpr unsigned char NO_TOKEN = 255;

    Span span;
    int next;
    uint64_t address;
    uint64_t upcoming;
    uint32_t upcomingTokens;
    uint16_t *list;
    int listed;
    int taken;
    static constexpr int COPIES = SCALES / 512;
    static constexpr bool KEPT = COPIES <= 8;
    int target[KEPT ? COPIES : 1];
    /** Where the codes begin in a piece that this lane copies: of keys or, in the upper half of the warp, of values. */
    int scaleSource;

    static __device__ __forceinline__ int place(int copy) {
        int at = (32 * copy + lane()) * 16;
        return SharedRows<ROW>::place(at / ROW, at % ROW);
    }

    __device__ __forceinline__ void load() {
        int block = next + WARPS * (lane() / 2);
        bool exists = block < span.end;
        upcoming = exists ? __ldg(span.blocks + block) : 0;
        upcomingTokens = exists ? __ldg((const uint32_t *) (span.selected + block) + lane() % 2) : 0;
    }

    /** Lists the selected rows of a batch of blocks, half a block a lane: five bits of token, and from there on the lane. */
    __device__ __forceinline__ void listBatch() {
        uint32_t tokens = upcoming == 0 ? 0 : upcomingTokens;
        address = upcoming + (uint64_t) span.pieceOffset;
        next += WARPS * GATHER_BATCH;
        load();
        uint32_t count = (uint32_t) __popc(tokens);
        uint32_t end = count;
#pragma unroll
        for (int by = 1; by < 32; by *= 2) {
            uint32_t before = __shfl_up_sync(WARP, end, by);
            end += lane() >= by ? before : 0;
        }
        listed = (int) __shfl_sync(WARP, end, 31);
        taken = 0;
        __syncwarp();
        for (uint32_t at = end - count; tokens != 0; at++) {
            list[at] = (uint16_t) (lane() << 5 | (__ffs(tokens) - 1));
            tokens &= tokens - 1;
        }
        __syncwarp();
    }

public:
    __device__ __forceinline__ void begin(const Span &of, unsigned char *shared) {
        span = of;
        list = (uint16_t *) (shared + kept(warpIndex() * GATHER_BATCH * BLOCK_TOKENS * 2));
        next = of.first + warpIndex();
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
            if (next >= span.end) {
                return false;
            }
            listBatch();
        }
        int count = min(TILE_TOKENS, listed - taken);
        // Lane r and lane 16 + r look up row r: where its piece is, and which token it is of.
        int row = lane() % TILE_TOKENS;
        int entry = row < count ? list[taken + row] : 0;
        const unsigned char *piece = (const unsigned char *) __shfl_sync(WARP, address, entry >> 5);
        int token = entry & 63;  // the lane is odd where the token is of the second half
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
