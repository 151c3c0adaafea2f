/**
 * A device with memory of its own as the fastest tier. Modules for one are found by ServiceLoader and offer
 * {@link io.alisa.device.DeviceModule}, {@link io.alisa.device.Device} and {@link io.alisa.device.DeviceKv}; the other
 * classes decide what is copied there.
 */
@NullMarked
package io.alisa.device;

import org.jspecify.annotations.NullMarked;
