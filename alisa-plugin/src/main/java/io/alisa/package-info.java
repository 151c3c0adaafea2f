/** What applications see of ALISA: whether it is active, what its sessions hold and why. */
@NullMarked
package io.alisa;

import org.jspecify.annotations.NullMarked;
