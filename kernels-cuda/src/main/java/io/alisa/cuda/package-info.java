/** NVIDIA GPUs through the CUDA Driver API. */
@NullMarked
package io.alisa.cuda;

import org.jspecify.annotations.NullMarked;
