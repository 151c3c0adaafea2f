/** Sizes as people write and read them: every package that has a sentence to say about bytes may know this one. */
@NullMarked
package io.alisa.units;

import org.jspecify.annotations.NullMarked;
