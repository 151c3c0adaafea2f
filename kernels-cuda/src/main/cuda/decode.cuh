// Decode attention: split-KV as in FlashDecoding, all query heads of a group on the same reads.

#pragma once

#include "feed.cuh"
#include "join.cuh"
#include "softmax.cuh"

namespace alisa {

/** Query rows of a thread block: the rows of m16n8k16, less those that the queries' smaller halves take. */
constexpr int DECODE_ROWS = 8;

/** The query rows of a thread block. Worked out anew after the tiles: registers are dear while they are attended. */
struct DecodeRows {
    int kvHead;
    int first;

    __device__ __forceinline__ explicit DecodeRows(const AttendParameters &p) {
        int tiles = (p.rows + DECODE_ROWS - 1) / DECODE_ROWS;
        int y = kept((int) blockIdx.y);
        kvHead = y / tiles;
        first = y % tiles * DECODE_ROWS;
    }
};

template <int D, class Element, class Feed>
__device__ __forceinline__ void attendSplit(const AttendParameters &p, unsigned char *shared, unsigned char *list) {
    constexpr int STAGES = decodeStages(D, Element::BYTES);
    constexpr int TILE = tileBytes(D, Element::BYTES);
    constexpr bool IN_REGISTERS = queryBytes(D) == 0;
    const DecodeRows of(p);
    int sequence = (int) blockIdx.z;
    const int first = kept(queryBytes(D) + warpIndex() * STAGES * TILE);  // the warp's ring of tiles

    Span span;
    span.blocks = p.blocks + (int64_t) sequence * p.blockStride;
    span.selected = p.selected + ((int64_t) sequence * p.kvHeads + of.kvHead) * p.blockStride;
    span.pieceOffset = (int64_t) of.kvHead * Element::pieceBytes(D);
    Feed feed;
    feed.begin(span, p.blockCount, list);
    using Softmax = RunningSoftmax<D, Element, 1, IN_REGISTERS>;
    int64_t row = ((int64_t) sequence * p.kvHeads + of.kvHead) * p.rows + of.first;
    typename Softmax::QueryChannels queries(p.queries + row * p.queryStride, p.queryStride, p.rows - of.first);
    int ready = 0;
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) {
        ready += feed.copyNext(shared + first + stage * TILE);
        commitCopies();
    }

    // While the first tiles are on their way.
    Softmax softmax;
    softmax.begin(queries, p.softCap, shared);
    if constexpr (!IN_REGISTERS) {
        __syncwarp();  // all warps write the same queries
    }

    int read = first;
    int write = first + (STAGES - 1) * TILE;
    for (; ready > 0; ready--) {
        waitForCopies<STAGES - 2>();
        __syncwarp();  // all lanes' copies are here, and all lanes are done with the tile that is overwritten now
        ready += feed.copyNext(shared + write);
        commitCopies();
        TokenScales scales;
        Feed::readScales(shared + read, scales);
        softmax.attend(shared + read, scales);
        write = read;
        read = read == first + (STAGES - 1) * TILE ? first : read + TILE;
    }
    waitForCopies<0>();

    __syncthreads();  // the partials take the rings' place
    float *partials = (float *) (shared + queryBytes(D));
    softmax.finish(partials + warpIndex() * DECODE_ROWS * partialFloats(D), partialFloats(D));
    __syncthreads();
}

template <int D, class Element, class Feed>
__device__ __forceinline__ void decode(const AttendParameters &p, unsigned char *shared, unsigned char *list) {
    attendSplit<D, Element, Feed>(p, shared, list);
    const DecodeRows of(p);
    int sequence = (int) blockIdx.z;
    int rows = min(DECODE_ROWS, p.rows - of.first);
    joinWarps(p, (const float *) (shared + queryBytes(D)), DECODE_ROWS, sequence, of.kvHead, of.first, rows,
              p.firstPartial + (int) blockIdx.x);
    if (p.joined != nullptr) {
        joinSplits(p, sequence, of.kvHead, of.first, rows, (float4 *) shared);
    }
}

}  // namespace alisa
