/** Worker threads that run one job together without allocating. */
@NullMarked
package io.alisa.parallel;

import org.jspecify.annotations.NullMarked;
