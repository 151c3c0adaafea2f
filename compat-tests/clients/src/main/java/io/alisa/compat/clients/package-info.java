/** Chat applications in miniature, unmodified users of Jlama: each has conversations with a model and prints what it said. */
@NullMarked
package io.alisa.compat.clients;

import org.jspecify.annotations.NullMarked;
