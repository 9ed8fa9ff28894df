package io.restripe.lab.kernel;

/** Moments of a reshape at which one side loses power, in the order in which they come. */
enum Cut {
    START("begun, nothing moved"),
    SAVING("in the copy area, record not yet"),
    COPIED("in the copy area, half moved"),
    AFTER("just after"),
    MIDDLE("middle"),
    LAST("in the last unit"),
    FINISHED("moved, size not yet"),
    /** Of the commit that ends the reshape, or of the one that begins it. */
    TORN("one member's metadata half written");

    final String words;

    Cut(String words) {
        this.words = words;
    }
}
