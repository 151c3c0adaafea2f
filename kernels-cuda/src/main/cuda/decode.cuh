// Decode attention: split-KV as in FlashDecoding, all query heads of a group on the same reads.

#pragma once

#include "feed.cuh"
#include "join.cuh"
#include "softmax.cuh"

namespace alisa {

/** Query rows of a thread block: the rows of m16n8k16, less those that the queries' smaller halves take. */
constexpr int DECODE_ROWS = 8;

template <int D, class Element, class Feed>
__device__ __forceinline__ void decode(const AttendParameters &p, unsigned char *shared, unsigned char *list) {
    constexpr int STAGES = decodeStages(D, Element::BYTES);
    constexpr int TILE = tileBytes(D, Element::BYTES);
    constexpr bool IN_REGISTERS = queryBytes(D) == 0;
    int rowTiles = (p.rows + DECODE_ROWS - 1) / DECODE_ROWS;
    int kvHead = (int) blockIdx.y / rowTiles;
    int firstRow = (int) blockIdx.y % rowTiles * DECODE_ROWS;
    int sequence = (int) blockIdx.z;
    const int first = kept(queryBytes(D) + warpIndex() * STAGES * TILE);  // the warp's ring of tiles

    Span span;
    span.first = (int) ((int64_t) blockIdx.x * p.blockCount / gridDim.x);
    span.end = (int) ((int64_t) (blockIdx.x + 1) * p.blockCount / gridDim.x);
    span.blocks = p.blocks + (int64_t) sequence * p.blockStride;
    span.selected = p.selected + ((int64_t) sequence * p.kvHeads + kvHead) * p.blockStride;
    span.pieceOffset = (int64_t) kvHead * Element::pieceBytes(D);
    Feed feed;
    feed.begin(span, list);
    int ready = 0;
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) {
        ready += feed.copyNext(shared + first + stage * TILE);
        commitCopies();
    }

    // While the first tiles are on their way.
    RunningSoftmax<D, Element, 1, IN_REGISTERS> softmax;
    int64_t row = ((int64_t) sequence * p.kvHeads + kvHead) * p.rows + firstRow;
    softmax.begin(p.queries + row * p.queryStride, p.queryStride, p.rows - firstRow, p.softCap, shared);
    if constexpr (!IN_REGISTERS) {
        __syncthreads();
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
    int rows = min(DECODE_ROWS, p.rows - firstRow);
    joinWarps(p, partials, DECODE_ROWS, sequence, kvHead, firstRow, rows, p.firstPartial + (int) blockIdx.x);
    if (p.joined != nullptr && isLastSplit(ticketOf(p))) {
        joinPartials(p, sequence, kvHead, firstRow, rows);
    }
}

}  // namespace alisa
