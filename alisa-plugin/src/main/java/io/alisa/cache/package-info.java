/** Where keys and values live: sessions, layers, blocks of 64 tokens, off-heap. */
@NullMarked
package io.alisa.cache;

import org.jspecify.annotations.NullMarked;
