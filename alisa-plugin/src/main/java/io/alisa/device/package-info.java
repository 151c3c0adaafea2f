/** What a module for another device tells about it. Such modules are found by ServiceLoader. */
@NullMarked
package io.alisa.device;

import org.jspecify.annotations.NullMarked;
