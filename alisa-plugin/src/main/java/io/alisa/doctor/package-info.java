/** What  prints. */
@NullMarked
package io.alisa.doctor;

import org.jspecify.annotations.NullMarked;
