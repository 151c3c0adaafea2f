// Every kernel of this module: its name, its parameters, its launch geometry. Whoever launches needs this file only.
//
// A kernel takes one structure by value. Structures hold device pointers first (8 bytes each), then 4-byte fields, so
// there is no padding but at the end. Nothing here allocates, and no kernel waits for another block of its own launch.
//
// What lies in memory is what lies in RAM, byte for byte (KvLayout, SketchLayout). p is the head size padded to 4.
//   INT8 piece, one KV head of one block:  64 rows of key[p] value[p], 64 scale codes of keys, 64 of values
//                                          = 128 * (p + 1) bytes
//   F16 piece (benchmarks):                64 rows of key[d] value[d] halves = 256 * d bytes
//   block:                                 the pieces of all KV heads, one behind the other, at a multiple of 128
// Only full blocks are attended: all 64 tokens of a block count.
//
// Modules: kernels whose names end in _h<d> are in the module attention-h<d> (sm_80 and later), all others in common
// (sm_75 and later).
//
// A partial is the running softmax of one query row over some tokens, partialFloats(d) floats:
//   [0] largest score (negative infinity where there was no token)   [1] sum of exp(score - largest)
//   [2], [3] zero   [4..] sum of exp(score - largest) * value, not divided; zero behind d
// Scores are cap(query * key): queries are already scaled and rotated.

#pragma once

#include <stdint.h>

namespace alisa {

constexpr int BLOCK_TOKENS = 64;
constexpr int PARTIAL_HEAD = 4;

// Splits that join their partials first, among themselves, where there are more of them: as many as the threads of so many
// warps read at once.
constexpr int joinGroup(int warps) {
    return warps < 11 ? 3 * warps : 32;
}

constexpr int joinGroups(int splits, int warps) {
    return (splits + joinGroup(warps) - 1) / joinGroup(warps);
}

constexpr int ticketsOfRow(int splits, int warps) {
    return splits <= joinGroup(warps) ? 1 : 1 + joinGroups(splits, warps);
}

constexpr int partialFloats(int headSize) {
    return PARTIAL_HEAD + (headSize + 3) / 4 * 4;
}

// -------------------------------------------------------------------------------------------------------------------
// Decode: few query rows, all blocks, each byte of them read once.
//
//   alisa_decode_int8_h{32,64,80,96,128,256}   every token of the blocks
//   alisa_gather_int8_h{32,64,80,96,128,256}   the tokens whose bit is set in `selected`
//   alisa_decode_f16_h{32,64,80,96,128,256}    every token of F16 blocks
//   alisa_attend_int8_any                      any head size up to 256; `selected` may be null; plain FP32, slow
//
//   block  128 threads (4 warps), or 32 * decodeWarps(d): one block then fills a multiprocessor, has the fewest partials
//          to join, and shares out rows best. ..._any: 128
//   grid   x = splits                      of the quarters of blocks, a warp one at a time; where tokens are selected, split x
//                                          takes blocks x, x + splits, ..., and its warps as many rows each.
//                                          ..._any: of blocks
//          y = kvHeads * ceil(rows / 8)    query rows that share a KV head, 8 to a thread block; the reads of the
//                                          second eight come out of the L2 cache. For ..._any: y = kvHeads * rows
//          z = sequences
//   shared decodeSharedBytes(d, bytes per element, warps), gatherSharedBytes(d, warps); 0 for ..._any. Above 48 KB the
//          function needs the attribute MAX_DYNAMIC_SHARED_SIZE_BYTES: set it always
//   splits one wave: floor(SMs * resident / (y * z)), at least 1, and no more than there is work for, where resident is
//          what cuOccupancyMaxActiveBlocksPerMultiprocessor says (these threads, these shared bytes).
//
//   alisa_prefill_int8_h{32,64,80,96,128,256}: many query rows, every row attends every token of the blocks.
//   block  128 threads
//   grid   x = splits, y = kvHeads * ceil(rows / prefillRows(d)), z = sequences
//   shared prefillSharedBytes(d)
//
// Every launch writes the partials [firstPartial, firstPartial + splits) of each row. Where `joined` is not null, these are
// the last of its `partialCount` partials, and the thread block that finishes last joins all of them into `joined`: no
// second launch. The others must have been written by earlier launches in the same stream.
struct AttendParameters {
    const uint64_t *blocks;    // [sequences][blockStride] device addresses of blocks; 0: not on the device, left out
    const uint64_t *selected;  // [sequences][kvHeads][blockStride] bit i: token i is attended; null: all are
    const float *queries;      // [sequences][kvHeads][rows][queryStride]
    float *partials;           // [sequences][kvHeads][rows][partialCount] partials; 16-byte aligned
    float *joined;             // [sequences][kvHeads][rows] partials, or null
    uint32_t *tickets;         // [grid y * grid z][ticketsOfRow(splits, warps)], all zero before the first launch, and again after
                               // each, so that the next may have other splits; null without joined
    int32_t blockCount;        // blocks of each sequence's table that count; shorter sequences fill up with 0
    int32_t blockStride;
    int32_t kvHeads;
    int32_t rows;              // decode: the group; prefill: positions * group
    int32_t queryStride;       // floats; a multiple of 4
    int32_t headSize;
    int32_t partialCount;      // partials of a row in `partials`
    int32_t firstPartial;      // where this launch's begin
    float softCap;             // 0: none
    int32_t reserved;
};

// alisa_join: joins partials where that was not done on the way. Partials of -infinity count as nothing.
//   block 128, grid x = kvHeads * rows, y = sequences; shared 0. Uses partials, joined, kvHeads, rows, headSize,
//   partialCount of AttendParameters.

// -------------------------------------------------------------------------------------------------------------------
// Selection: one sequence, one layer. Four launches in this order, any head size up to 256:
//
//   alisa_estimate           block 256, grid x = ceil(scoredBlocks / ESTIMATE_BLOCKS), y = kvHeads,
//                            shared estimateSharedBytes(group, d)
//   alisa_select_importance  block 256, grid x = max(1, ceil(scoredBlocks / SELECT_BLOCKS)), y = kvHeads, shared 0
//   alisa_select_threshold   the same
//   alisa_select_masks       the same, but for all blocks: digestBlocks or ceil(tokens / 64), whatever is more
// where scoredBlocks = ceil(windowStart / 64). Where nothing is to be chosen (wanted is 0 then, as it must be where
// windowStart <= sinks) the masks alone are launched; no mass is skipped and references are -infinity.
//
// Selected are, per KV head, the sinks [0, sinks), the window [windowStart, tokens), the pinned tokens, and exactly the
// `wanted` most important of the tokens of [sinks, windowStart) that are not pinned, of which there must be as many; of
// equally important ones the newer.
constexpr int ESTIMATE_BLOCKS = 32;
constexpr int SELECT_BLOCKS = 32;
constexpr int BINS = 4096;

struct SelectParameters {
    const uint64_t *means;     // [ceil(digestBlocks / 64)] INT8 blocks whose token b % 64 is the mean of block b
    const uint64_t *sketches;  // [digestBlocks] addresses of sketches (all KV heads of a block)
    const float *queries;      // [kvHeads][group][queryStride]
    const float *newest;       // [kvHeads][group][64] exact scores, not capped, of block digestBlocks where that is
                               // scored (-infinity: no such token); else null
    float *estimates;          // [kvHeads][group][tokenStride]
    float *importance;         // [kvHeads][tokenStride]
    uint64_t *candidates;      // [kvHeads][tokenStride]
    uint32_t *work;            // [kvHeads][selectWorkWords(group)], zero before the first launch, zero after masks
    uint64_t *selected;        // [kvHeads][blockStride]: all words up to the last token's are written
    float *mass;               // [kvHeads][group][blockStride] skipped mass of digested, scored blocks, 0 for others
                               // up to digestBlocks; or null
    float *references;         // [kvHeads][group] the score that `mass` is relative to; or null
    const uint64_t *pinned;    // [ceil(tokens / 64)] bit i: token i is selected whatever it weighs; null: none is
    int32_t digestBlocks;
    int32_t scoredBlocks;      // digestBlocks + 1 at most
    int32_t kvHeads;
    int32_t group;
    int32_t headSize;
    int32_t queryStride;
    int32_t tokenStride;       // a multiple of 64, at least 64 * scoredBlocks
    int32_t blockStride;
    int32_t tokens;
    int32_t sinks;
    int32_t windowStart;
    int32_t wanted;
    float softCap;
    int32_t reserved;
};

// Words of SelectParameters::work per KV head: best score per query head, histogram, and a few counters.
constexpr int selectWorkWords(int group) {
    return BINS + group + 8;
}

// -------------------------------------------------------------------------------------------------------------------
// alisa_skipped: a partial per query row from the mass that a selection skipped and the blocks' mean values.
//   block 256, grid x = splits (of the digested blocks), y = kvHeads; shared 0. Writes partials
//   [firstPartial, firstPartial + splits). Launch it before the gathered decode whose `joined` includes them.
struct SkippedParameters {
    const uint64_t *means;
    const float *mass;         // as SelectParameters
    const float *references;
    float *partials;           // as AttendParameters, one sequence
    int32_t digestBlocks;
    int32_t kvHeads;
    int32_t group;
    int32_t headSize;
    int32_t blockStride;       // of mass
    int32_t partialCount;
    int32_t firstPartial;
    int32_t reserved;
};

// -------------------------------------------------------------------------------------------------------------------
// Sealing: quantises rows of floats into blocks, with the very bits of Int8Kernels.quantise.
//   alisa_seal      INT8, any head size up to 256        alisa_seal_f16   halves, rounded to nearest even
//   block 256 (8 warps, a row's key or value each at a time), grid x = ceil(tokens / 4), y = kvHeads; shared 0
// Token i goes to row (firstToken + i) % 64 of block (firstToken + i) / 64: one token is an append.
struct SealParameters {
    const uint64_t *blocks;    // addresses of blocks from token 0 on; where one is 0 its rows are left out
    const float *keys;         // [tokens][tokenStride], KV head h from h * headStride on
    const float *values;
    int32_t firstToken;
    int32_t tokens;
    int32_t kvHeads;
    int32_t headSize;
    int32_t tokenStride;
    int32_t headStride;
};

// -------------------------------------------------------------------------------------------------------------------
// alisa_copy: copies pieces of pinned memory of the host to the device.
//   block 512, grid x = any number: parts of COPY_PART_BYTES of a piece are taken in turn; shared 0
constexpr int COPY_PIECES = 128;
constexpr int COPY_PART_BYTES = 1 << 15;

struct CopyParameters {
    uint64_t from[COPY_PIECES];  // addresses, multiples of 16
    uint64_t to[COPY_PIECES];
    int32_t bytes[COPY_PIECES];  // multiples of 16
    int32_t pieces;
    int32_t reserved;
};

// -------------------------------------------------------------------------------------------------------------------
// Shared memory of the launches above, in bytes.

constexpr int WARPS = 4;         // of a small thread block
constexpr int TILE_TOKENS = 16;  // tokens a warp works on at a time

// Warps of a large thread block of decode: as many as there are registers for. A multiple of 4.
constexpr int decodeWarps(int headSize) {
    return headSize <= 80 ? 16 : headSize <= 128 ? 12 : 8;
}

// Tiles in a warp's ring: one is attended, the others are on their way, 32 KB and more of a multiprocessor. More of them
// is slower (measured): all ask at once when a kernel begins, and what is wanted first comes behind the rest.
constexpr int decodeStages(int headSize, int elementBytes) {
    return headSize * elementBytes <= 32 ? 3 : 2;
}

// A tile in shared memory: 16 rows; a 4-byte word with the scale code of each key and value, and where it is in there.
constexpr int tileBytes(int headSize, int elementBytes) {
    return TILE_TOKENS * 2 * headSize * elementBytes + TILE_TOKENS * 9;
}

// Partials of the warps of a thread block, 8 rows each.
constexpr int combineBytes(int headSize, int warps) {
    return warps * 8 * partialFloats(headSize) * 4;
}

// The queries of large heads, which have no room in registers.
constexpr int queryBytes(int headSize) {
    return headSize > 128 ? headSize * 32 : 0;
}

// What is selected of as many blocks as half the threads: two bytes per row, the blocks' addresses, the warps' counts.
constexpr int gatherListBytes(int warps) {
    return warps * 16 * (BLOCK_TOKENS * 2 + 8) + 64;
}

constexpr int larger(int a, int b) {
    return a > b ? a : b;
}

// elementBytes: 1 for INT8, 2 for F16.
constexpr int decodeSharedBytes(int headSize, int elementBytes, int warps) {
    return larger(warps * decodeStages(headSize, elementBytes) * tileBytes(headSize, elementBytes),
                  combineBytes(headSize, warps)) +
           queryBytes(headSize);
}

constexpr int gatherSharedBytes(int headSize, int warps) {
    return decodeSharedBytes(headSize, 1, warps) + gatherListBytes(warps);
}

// Query rows of a thread block of prefill.
constexpr int prefillRows(int headSize) {
    return headSize > 128 ? 32 : 64;
}

constexpr int prefillQueryBytes(int headSize) {
    return headSize >= 128 ? prefillRows(headSize) / 8 * headSize * 32 : 0;
}

constexpr int prefillSharedBytes(int headSize) {
    return 2 * WARPS * tileBytes(headSize, 1) + prefillQueryBytes(headSize);
}

constexpr int estimateSharedBytes(int group, int headSize) {
    int lines = (headSize + 3) / 4;
    return (group + 3) / 4 * lines * 2 * 64 + (4 * lines + ESTIMATE_BLOCKS + 1) * group * 4;
}

}  // namespace alisa
