/** What a helper JVM does with the host, with the plugin or without: scenarios in, recordings out. */
@NullMarked
package io.alisa.compat.scenario;

import org.jspecify.annotations.NullMarked;
