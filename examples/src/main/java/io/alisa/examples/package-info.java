/** Jlama by its own API; nothing in it knows of the plugin. */
@NullMarked
package io.alisa.examples;

import org.jspecify.annotations.NullMarked;
