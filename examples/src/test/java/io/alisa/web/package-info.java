@NullMarked
package io.alisa.web;

import org.jspecify.annotations.NullMarked;
