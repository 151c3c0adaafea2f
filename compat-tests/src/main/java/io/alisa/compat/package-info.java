/** The plugin beside the unmodified host: both run the same scenarios, each in a JVM of its own. */
@NullMarked
package io.alisa.compat;

import org.jspecify.annotations.NullMarked;
