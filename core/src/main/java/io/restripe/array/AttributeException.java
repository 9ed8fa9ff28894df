package io.restripe.array;

import java.io.IOException;

/** An array refused a read or a write of one of its attributes. */
public final class AttributeException extends IOException {
    private static final long serialVersionUID = 1L;
    private final Errno errno;

    /**
     * @param array the array's name
     * @param attribute md's name of the attribute, with the member's folder where it is one of a member
     * @param value what was written; null for a read
     * @param why in words
     */
    public AttributeException(String array, String attribute, String value, Errno errno, String why) {
        super(array + ": " + (value == null ? "read of " + attribute : attribute + "=" + value) + ": " + errno + ": "
                + why);
        this.errno = errno;
    }

    public Errno errno() {
        return errno;
    }
}
