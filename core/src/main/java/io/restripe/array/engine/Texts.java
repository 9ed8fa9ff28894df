package io.restripe.array.engine;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;

/** Numbers as md writes them. */
final class Texts {
    /** 2 to the 64th, less 1: how md's user space writes "no position". */
    private static final String ALL_ONES = Long.toUnsignedString(-1);

    private Texts() {}

    static long number(ArrayState state, String attribute, String value) throws AttributeException {
        try {
            long number = Long.parseLong(value);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // refused below, in md's words
        }
        throw state.refusal(attribute, value, Errno.EINVAL, "not a number");
    }

    /** Long.MAX_VALUE for {@code none} and for all ones. */
    static long numberOrNone(ArrayState state, String attribute, String value) throws AttributeException {
        return value.equals("none") || value.equals(ALL_ONES) ? Config.MAX : number(state, attribute, value);
    }
}
