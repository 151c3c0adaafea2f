/**
 * Benchmarks: the plugin and the unmodified host in the same run, on the same data. Not null-marked: JMH creates the
 * state objects and fills them after their construction.
 */
package io.alisa.compat.bench;
