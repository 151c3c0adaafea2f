/** Getting into the host: the check before anything is touched, the woven join points, the bridge. The only package that knows bytecode. */
@NullMarked
package io.alisa.agent;

import org.jspecify.annotations.NullMarked;
