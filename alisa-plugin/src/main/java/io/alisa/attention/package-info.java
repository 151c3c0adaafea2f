/** Attention over cached keys and values: the kernels behind one interface, and who does which part. */
@NullMarked
package io.alisa.attention;

import org.jspecify.annotations.NullMarked;
