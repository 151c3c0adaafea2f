/** Off-heap memory: allocating it, access by address. Knows nothing of KV and counts nothing. */
@NullMarked
package io.alisa.memory;

import org.jspecify.annotations.NullMarked;
