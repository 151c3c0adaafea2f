/** A terminal chat on the unmodified host, with or without the plugin. */
@NullMarked
package io.alisa.chat;

import org.jspecify.annotations.NullMarked;
