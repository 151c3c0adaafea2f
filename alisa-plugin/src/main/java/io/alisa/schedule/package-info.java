/** What is kept where, deleted and recomputed, and when: profile, plan, and the decisions of phases I, II and III. No tensors. */
@NullMarked
package io.alisa.schedule;

import org.jspecify.annotations.NullMarked;
