/** The CUDA kernels against the plugin's scalar reference and double precision. */
@NullMarked
package io.alisa.cuda.kernels;

import org.jspecify.annotations.NullMarked;
