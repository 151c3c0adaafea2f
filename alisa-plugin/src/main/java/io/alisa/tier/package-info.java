/** Where bytes may lie: budgets with hard caps, memory under them, and the private file behind it. Knows nothing of KV. */
@NullMarked
package io.alisa.tier;

import org.jspecify.annotations.NullMarked;
