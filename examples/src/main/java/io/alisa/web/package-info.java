/** A chat page: streams what the model says and draws what the plugin holds while it says it. */
@NullMarked
package io.alisa.web;

import org.jspecify.annotations.NullMarked;
