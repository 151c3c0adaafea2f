package io.alisa.device;

/** What became of something that a device was to make room for. */
public enum Placement {
    /** It has its place. */
    DONE,
    /** The device has no room: whoever holds some may give it back. */
    FULL,
    /** Something else is missing, pinned memory of this machine for instance: room on the device would be no help. */
    REFUSED
}
