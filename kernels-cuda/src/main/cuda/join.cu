// The join of splits in a launch of its own.

#include "join.cuh"

ALISA_KERNEL(alisa_join, 128, 1, alisa::AttendParameters) {
    __shared__ float4 sums[128];
    alisa::joinAll(parameters, (int) blockIdx.y, (int) blockIdx.x / parameters.rows,
                   (int) blockIdx.x % parameters.rows, 1, sums);
}
