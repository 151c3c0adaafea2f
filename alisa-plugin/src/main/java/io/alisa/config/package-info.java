/** Settings: their names, defaults, where each value came from, and what to say about a bad one. */
@NullMarked
package io.alisa.config;

import org.jspecify.annotations.NullMarked;
