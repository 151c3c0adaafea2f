// A batch of query rows over sealed blocks: every row attends every token, so there is no mask. What rows of the batch
// attend of each other is not done here.
//
// Each warp has query rows of its own, and all four read the same tiles, of which each copies one in four.

#pragma once

#include "feed.cuh"
#include "join.cuh"
#include "softmax.cuh"

namespace alisa {

template <int D>
__device__ __forceinline__ void prefill(const AttendParameters &p, unsigned char *shared) {
    constexpr int ROWS = prefillRows(D);
    constexpr int TILES = ROWS / WARPS / 8;
    constexpr int TILE = tileBytes(D, 1);
    constexpr int FLOATS = partialFloats(D);
    constexpr bool IN_REGISTERS = prefillQueryBytes(D) == 0;
    using Feed = DenseFeed<D, Int8Element>;
    int rowTiles = (p.rows + ROWS - 1) / ROWS;
    int kvHead = (int) blockIdx.y / rowTiles;
    int firstRow = (int) blockIdx.y % rowTiles * ROWS;
    int rows = min(ROWS, p.rows - firstRow);
    int sequence = (int) blockIdx.z;
    unsigned char *ring = shared + prefillQueryBytes(D);

    Span span;
    span.blocks = p.blocks + (int64_t) sequence * p.blockStride;
    span.selected = nullptr;
    span.pieceOffset = (int64_t) kvHead * Int8Element::pieceBytes(D);
    Feed feed;
    // Whole blocks, so that all warps have as many tiles.
    int64_t blocks = p.blockCount;
    feed.begin(span, (int) (blockIdx.x * blocks / gridDim.x) * WARPS, (int) ((blockIdx.x + 1) * blocks / gridDim.x) * WARPS);
    using Softmax = RunningSoftmax<D, Int8Element, TILES, IN_REGISTERS>;
    int first = firstRow + warpIndex() * TILES * 8;
    int64_t row = ((int64_t) sequence * p.kvHeads + kvHead) * p.rows + min(first, p.rows - 1);
    typename Softmax::QueryChannels queries(p.queries + row * p.queryStride, p.queryStride, p.rows - first);
    bool ready = feed.copyNext(ring + warpIndex() * TILE);
    commitCopies();

    Softmax softmax;
    softmax.begin(queries, p.softCap, shared + warpIndex() * prefillQueryBytes(D) / WARPS);
    __syncwarp();

    for (int stage = 0; ready; stage ^= 1) {
        waitForCopies<0>();
        __syncthreads();  // all copies are here, and all warps are done with the other stage
        ready = feed.copyNext(ring + ((stage ^ 1) * WARPS + warpIndex()) * TILE);
        commitCopies();
        for (int tile = 0; tile < WARPS; tile++) {
            const unsigned char *rows16 = ring + (stage * WARPS + tile) * TILE;
            TokenScales scales;
            Feed::readScales(rows16, scales);
            softmax.attend(rows16, scales);
        }
    }
    waitForCopies<0>();

    __syncthreads();  // the partials take the tiles' place
    float *partials = (float *) ring;
    softmax.finish(partials + warpIndex() * TILES * 8 * FLOATS, FLOATS);
    __syncthreads();
    int at = p.firstPartial + (int) blockIdx.x;
    for (int i = (int) threadIdx.x; i < rows * (FLOATS / 4); i += (int) blockDim.x) {
        float4 x = ((const float4 *) partials)[i];
        int part = i % (FLOATS / 4) * 4;
        if (part == 0) {
            x.x *= LN_2;
        }
        *(float4 *) (partialsOf(p, sequence, kvHead, firstRow + i / (FLOATS / 4)) + at * FLOATS + part) = x;
    }
    if (p.joined != nullptr && isLast(ticketsOf(p), (int) gridDim.x)) {
        for (int start = 0; start < rows; start += 8) {
            joinAll(p, sequence, kvHead, firstRow + start, min(8, rows - start), (float4 *) ring);
        }
    }
}

}  // namespace alisa
