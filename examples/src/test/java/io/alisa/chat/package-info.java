@NullMarked
package io.alisa.chat;

import org.jspecify.annotations.NullMarked;
