// All kernels: one module.

#include "decode.cu"
#include "any.cu"
