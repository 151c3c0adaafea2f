/**
 * The entries of the jar. Compiled for Java 8, so that an older Java says what is missing instead of breaking off; all
 * else is for the Java of the build and may be named in the entries' bodies only. Not marked for the null checker, whose
 * annotations Java 8 does not know all of.
 */
package io.alisa.start;
