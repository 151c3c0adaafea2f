/** The CUDA kernels' own sources, compiled as ordinary C++ and run on the CPU. */
@NullMarked
package io.alisa.cuda.emulation;

import org.jspecify.annotations.NullMarked;
