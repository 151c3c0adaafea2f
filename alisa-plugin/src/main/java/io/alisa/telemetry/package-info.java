/** JFR events: what sessions do, as they do it. */
@NullMarked
package io.alisa.telemetry;

import org.jspecify.annotations.NullMarked;
