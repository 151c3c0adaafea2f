/** Small models with random weights, one per decoder family the host can load, written as Hugging Face directories. */
@NullMarked
package io.alisa.compat.tiny;

import org.jspecify.annotations.NullMarked;
