// The kernels for head sizes of any kind: one module.

#include "any.cu"
#include "join.cu"
#include "estimate.cu"
#include "select.cu"
#include "skipped.cu"
#include "seal.cu"
#include "copy.cu"
