package io.restripe.metadata;

/**
 * How sure the records of a reshape are of whether its unit is in the copy area. Two copies that agree settle it. One alone, or two that
 * differ, may be the work of a crash as well as of one bit that flipped: then the bytes of the unit have to bear it out. Until they do,
 * the progress counts as not in the copy area.
 */
public enum RecordDoubt {
    NONE,
    /** What is left of the records says that the unit is in the copy area. */
    SAYS_SAVED,
    /** What is left of them says that it is not. */
    SAYS_NOT_SAVED
}
