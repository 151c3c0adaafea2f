/** Reading JSON, from anybody. */
@NullMarked
package io.alisa.json;

import org.jspecify.annotations.NullMarked;
