/** Worker threads that run one job together without allocating; waiting for others' work. */
@NullMarked
package io.alisa.parallel;

import org.jspecify.annotations.NullMarked;
