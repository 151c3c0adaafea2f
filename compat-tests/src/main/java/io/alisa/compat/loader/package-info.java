/** A launcher without any dependency, for a JVM whose class path does not hold the host. */
@NullMarked
package io.alisa.compat.loader;

import org.jspecify.annotations.NullMarked;
