/** The hooks a host calls, host-neutral, and the sessions they serve. */
@NullMarked
package io.alisa.host;

import org.jspecify.annotations.NullMarked;
