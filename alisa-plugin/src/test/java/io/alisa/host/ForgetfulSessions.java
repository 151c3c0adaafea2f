package io.alisa.host;

/** Sessions that know few ids of those that are closed. */
public final class ForgetfulSessions {
    private ForgetfulSessions() {
    }

    /**
     * Makes some.
     *
     * @param most ids of sessions whose KV is gone
     */
    public static Sessions of(long most) {
        return new Sessions(new ClosedIds(most));
    }
}
