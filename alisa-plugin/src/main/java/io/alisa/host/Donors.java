package io.alisa.host;

import org.jspecify.annotations.Nullable;

/**
 * Whose KV a prompt may begin with.
 *
 * @param own    what its user has just left, to tell the conversation from its beginning; null where he left nothing
 * @param others whether it may be somebody else's, too
 */
record Donors(@Nullable Branch own, boolean others) {
    boolean have(Branch branch) {
        return branch.equals(own) || isForOthers(branch);
    }

    /** Whether nobody else can go on with a branch that its user left. */
    boolean haveAlone(Branch branch) {
        return branch.equals(own) && !isForOthers(branch);
    }

    private boolean isForOthers(Branch branch) {
        return others && !branch.fromFile;
    }
}
