/** The plugin's scheduler on machines that are numbers: the paper's comparison of throughput, done again. */
@NullMarked
package io.alisa.compat.simulate;

import org.jspecify.annotations.NullMarked;
