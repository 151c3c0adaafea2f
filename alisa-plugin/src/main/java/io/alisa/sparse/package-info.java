/** Sparse Window Attention: which tokens a decode step attends, and attention over just those. */
@NullMarked
package io.alisa.sparse;

import org.jspecify.annotations.NullMarked;
