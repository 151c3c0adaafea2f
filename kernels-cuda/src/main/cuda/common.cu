// The kernels for head sizes of any kind: one module.

#include "any.cu"
#include "join.cu"
