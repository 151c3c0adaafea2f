/** Quality: what sparse attention and the INT8 KV cost in perplexity and recall, beside dense F32 in the same run. */
@NullMarked
package io.alisa.compat.quality;

import org.jspecify.annotations.NullMarked;
