/** The only package that names Jlama types. */
@NullMarked
package io.alisa.host.jlama;

import org.jspecify.annotations.NullMarked;
