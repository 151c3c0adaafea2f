/** What this machine can do: the rates of a profile, measured with the plugin's own kernels and files. */
@NullMarked
package io.alisa.measure;

import org.jspecify.annotations.NullMarked;
