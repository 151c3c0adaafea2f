/** The file of a saved session: its format, its writer and its reader. Knows numbers and bytes, nothing of KV or of a host. */
@NullMarked
package io.alisa.save;

import org.jspecify.annotations.NullMarked;
