package io.alisa.device;

/**
 * Remembers what found no room on a device: to look for it again costs calls of the device's driver each time, and is of no use
 * before somebody gave room back. Used under the session's lock.
 */
final class Refusal {
    /** Steps until one looks again, though nobody gave any back: others than sessions use the device, too. */
    private static final int PATIENCE = 64;

    private final DeviceTier tier;
    private long releases;
    private int waiting;
    private int wanted;

    Refusal(DeviceTier tier) {
        this.tier = tier;
    }

    /**
     * Says that there was no room.
     *
     * @param size for how much: less may find some
     */
    void note(int size) {
        releases = tier.releases();
        waiting = PATIENCE;
        wanted = size;
    }

    /** Whether there would be none for so much either, as far as one knows. */
    boolean stands(int size) {
        return waiting > 0 && size >= wanted && releases == tier.releases();
    }

    void stepDone() {
        waiting = Math.max(0, waiting - 1);
    }
}
