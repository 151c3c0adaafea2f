// How rows of keys and values lie in shared memory, and how the lanes of a warp read them as operands of m16n8k16.
//
// Both products have the cached rows as operand B, so a row is read by the lanes that need it, straight into the
// registers of the tensor cores. Which channel is which column or inner index of a product is ours to choose, as is
// which token: so lanes read contiguous slices instead of the scattered pairs the plain order would have them read.
//
//   keys    lane = 4 * column + q: the q-th slice of four, of the row of that column's token
//   values  lane = 4 * g + q: the g-th slice of eight, of the rows of the four tokens 4q .. 4q + 3
//
// Slices come in pieces of 16 bytes a lane, then 8, 4 and 2 for what is left of a head size.

#pragma once

#include "attention.cuh"
#include "device.cuh"

namespace alisa {

/** Scales of the four tokens of a lane; where `valid` is false there is no token and its scales are zero. */
struct TokenScales {
    float key[4];
    float value[4];
    bool valid[4];
};

/** How LANES lanes share BYTES bytes of a row. */
template <int BYTES, int LANES>
struct Slices {
    static constexpr int WHOLE = BYTES / (16 * LANES);        // pieces of 16 bytes
    static constexpr int REST = BYTES % (16 * LANES) / LANES;  // 0 to 14 bytes a lane
    static constexpr int WORDS = (BYTES / LANES + 3) / 4;
    static constexpr int PIECES = WHOLE + (REST >> 3 & 1) + (REST >> 2 & 1) + (REST >> 1 & 1);
    static_assert(BYTES % (2 * LANES) == 0, "head size is a multiple of 16");

    /** Where the byte `at` of a lane's slice is in the row. */
    static __device__ __forceinline__ int offset(int of, int at) {
        if (at < 16 * WHOLE) {
            return at / 16 * 16 * LANES + 16 * of + at % 16;
        }
        int start = 16 * WHOLE * LANES;
        int left = REST;
        at -= 16 * WHOLE;
        for (int piece = 8; piece >= 2; piece /= 2) {
            if (left & piece) {
                if (at < piece) {
                    return start + piece * of + at;
                }
                at -= piece;
                start += piece * LANES;
            }
        }
        return start;
    }
};

/** Rows of ROW bytes in shared memory; 16-byte chunks change places so that no two lanes want the same bank. */
template <int ROW>
struct SharedRows {
    static constexpr int CHUNKS = ROW / 16;
    static constexpr bool SWIZZLED = CHUNKS % 8 == 0;

    /** Where byte `at` of a row is. */
    static __device__ __forceinline__ int place(int row, int at) {
        int swap = SWIZZLED ? (row >> 2 & 3) << 1 ^ (row & 1) << 2 : 0;
        return row * ROW + ((at >> 4 ^ swap) << 4) + (at & 15);
    }

    /** Where the pieces are of a lane's slice of what begins `from` bytes into a row. The second row after it: ROW * 2. */
    template <int BYTES, int LANES>
    static __device__ __forceinline__ void placePieces(int row, int from, int of,
                                                       int (&at)[Slices<BYTES, LANES>::PIECES]) {
        using S = Slices<BYTES, LANES>;
        int byte = 0;
#pragma unroll
        for (int i = 0; i < S::PIECES; i++) {
            at[i] = kept(place(row, from + S::offset(of, byte)));
            int left = S::REST & ~(byte - 16 * S::WHOLE);
            byte += i < S::WHOLE ? 16 : left & 8 ? 8 : 4;
        }
    }

    template <int BYTES, int LANES>
    static __device__ __forceinline__ void read(const unsigned char *rows,
                                                const int (&at)[Slices<BYTES, LANES>::PIECES],
                                                uint32_t (&words)[Slices<BYTES, LANES>::WORDS]) {
        using S = Slices<BYTES, LANES>;
#pragma unroll
        for (int i = 0; i < S::WHOLE; i++) {
            uint4 piece = *(const uint4 *) (rows + at[i]);
            words[4 * i] = piece.x;
            words[4 * i + 1] = piece.y;
            words[4 * i + 2] = piece.z;
            words[4 * i + 3] = piece.w;
        }
        constexpr int EIGHT = S::WHOLE;
        if constexpr ((S::REST & 8) != 0) {
            uint2 piece = *(const uint2 *) (rows + at[EIGHT]);
            words[4 * S::WHOLE] = piece.x;
            words[4 * S::WHOLE + 1] = piece.y;
        }
        constexpr int FOUR = EIGHT + (S::REST >> 3 & 1);
        constexpr int WORD = 4 * S::WHOLE + (S::REST >> 3 & 1) * 2;
        if constexpr ((S::REST & 4) != 0) {
            words[WORD] = *(const uint32_t *) (rows + at[FOUR]);
        }
        if constexpr ((S::REST & 2) != 0) {
            words[WORD + (S::REST >> 2 & 1)] = *(const uint16_t *) (rows + at[FOUR + (S::REST >> 2 & 1)]);
        }
    }
};

/** Eight-bit rows with scales. Signed bytes become halves: a byte put into the last bits of 1024 is 1024 + byte, exactly. */
struct Int8Element {
    static constexpr int BYTES = 1;
    static constexpr bool SCALED = true;

    static constexpr int pieceBytes(int headSize) {
        return BLOCK_TOKENS * (2 * headSize + 2);
    }

    static __device__ __forceinline__ uint32_t biased(uint32_t bytes) {
        return bytes ^ 0x80808080u;
    }

    /** Bytes 0 and 1 of biased ones as halves. */
    static __device__ __forceinline__ uint32_t first(uint32_t biased) {
        return subtractHalves(__byte_perm(biased, 0x64646464u, 0x4140), 0x64806480u);
    }

    static __device__ __forceinline__ uint32_t second(uint32_t biased) {
        return subtractHalves(__byte_perm(biased, 0x64646464u, 0x4342), 0x64806480u);
    }

    /** Where in a lane's slice the four channels begin that operand B holds in a step; they lie side by side. */
    static __device__ __forceinline__ int keyByte(int step) {
        return 4 * step;
    }

    template <int WORDS>
    static __device__ __forceinline__ void key(const uint32_t (&slice)[WORDS], int step, uint32_t &b0, uint32_t &b1) {
        uint32_t bytes = biased(slice[step]);
        b0 = first(bytes);
        b1 = second(bytes);
    }

    /** Operand B of channels 4 * word to 4 * word + 3 of the slices of four tokens, as many as there are. */
    template <int WORDS, class Use>
    static __device__ __forceinline__ void values(const uint32_t (&slices)[4][WORDS], int word, int channels, Use use) {
        uint32_t b[2][4];
#pragma unroll
        for (int pair = 0; pair < 2; pair++) {
            uint32_t one = biased(slices[2 * pair][word]);
            uint32_t other = biased(slices[2 * pair + 1][word]);
            uint32_t low = __byte_perm(one, other, 0x5140);
            uint32_t high = __byte_perm(one, other, 0x7362);
            b[pair][0] = first(low);
            b[pair][1] = second(low);
            b[pair][2] = first(high);
            b[pair][3] = second(high);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (i < channels) {
                use(4 * word + i, b[0][i], b[1][i]);
            }
        }
    }
};

struct HalfElement {
    static constexpr int BYTES = 2;
    static constexpr bool SCALED = false;

    static constexpr int pieceBytes(int headSize) {
        return BLOCK_TOKENS * 4 * headSize;
    }

    static __device__ __forceinline__ int keyByte(int step) {
        return 8 * step;
    }

    template <int WORDS>
    static __device__ __forceinline__ void key(const uint32_t (&slice)[WORDS], int step, uint32_t &b0, uint32_t &b1) {
        b0 = slice[2 * step];
        b1 = slice[2 * step + 1];
    }

    template <int WORDS, class Use>
    static __device__ __forceinline__ void values(const uint32_t (&slices)[4][WORDS], int word, int, Use use) {
        use(2 * word, __byte_perm(slices[0][word], slices[1][word], 0x5410),
            __byte_perm(slices[2][word], slices[3][word], 0x5410));
        use(2 * word + 1, __byte_perm(slices[0][word], slices[1][word], 0x7632),
            __byte_perm(slices[2][word], slices[3][word], 0x7632));
    }
};

}  // namespace alisa
