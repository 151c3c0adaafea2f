/** The doctor: what {@code java -jar alisa-plugin.jar} prints. Looks, changes nothing. */
@NullMarked
package io.alisa.doctor;

import org.jspecify.annotations.NullMarked;
