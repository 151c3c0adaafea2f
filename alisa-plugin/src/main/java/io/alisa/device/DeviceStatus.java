package io.alisa.device;

import org.jspecify.annotations.Nullable;

/**
 * What a probe found.
 *
 * @param usable      whether the device can be computed on
 * @param description what there is, its memory and its limits, or what is missing
 * @param remedy      what makes it usable; null when it is
 */
public record DeviceStatus(boolean usable, String description, @Nullable String remedy) {
}
