// Uploads: reads the host's memory over the link, many requests of every thread under way at once.

#include "device.cuh"
#include "attention.cuh"

namespace alisa {

constexpr int COPY_THREADS = 512;
constexpr int COPY_VECTORS = COPY_PART_BYTES / 16 / COPY_THREADS;  // of a thread in a part

}

ALISA_KERNEL(alisa_copy, 512, 1, alisa::CopyParameters) {
    using namespace alisa;
    const CopyParameters &p = parameters;
    int turn = (int) blockIdx.x;  // the part of this block, counted from the beginning of the piece
    for (int piece = 0; piece < p.pieces; piece++) {
        const int vectors = p.bytes[piece] / 16;
        const int parts = (vectors + COPY_VECTORS * COPY_THREADS - 1) / (COPY_VECTORS * COPY_THREADS);
        for (; turn < parts; turn += (int) gridDim.x) {
            const int first = turn * COPY_VECTORS * COPY_THREADS + (int) threadIdx.x;
            uint4 x[COPY_VECTORS];
#pragma unroll
            for (int i = 0; i < COPY_VECTORS; i++) {
                if (first + i * COPY_THREADS < vectors) {
                    x[i] = __ldcs((const uint4 *) p.from[piece] + first + i * COPY_THREADS);
                }
            }
#pragma unroll
            for (int i = 0; i < COPY_VECTORS; i++) {
                if (first + i * COPY_THREADS < vectors) {
                    ((uint4 *) p.to[piece])[first + i * COPY_THREADS] = x[i];
                }
            }
        }
        turn -= parts;
    }
}
