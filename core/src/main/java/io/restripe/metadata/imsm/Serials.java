package io.restripe.metadata.imsm;

import java.util.stream.Stream;

/**
 * The serial number: in this format the only identity of a disk, at most 16 bytes (docs/imsm.md, 2.3). The hardware's is normalised
 * once, when the disk is opened; in the disk table a failed or missing disk carries a place-holder made from it.
 */
public final class Serials {
    /** Bytes of the field; a serial may fill it. */
    public static final int MAX_BYTES = io.restripe.disk.Serials.MAX_LENGTH;

    private static final String SUFFIX = ":0";

    private Serials() {}

    /**
     * A raw serial as the format stores it: without white space, control characters and anything that is not ASCII, with {@code ;} for
     * {@code :} (which place-holders use), and of a long one the last 16 characters. May come out empty: then the disk has no identity.
     */
    public static String normalise(String raw) {
        return io.restripe.disk.Serials.normalise(raw);
    }

    /** What the table says for a member that failed. */
    static String failed(String serial) {
        String text = serial + SUFFIX;
        return text.length() < MAX_BYTES ? text : text.substring(text.length() - MAX_BYTES + 1);
    }

    /** What the table says for a member that was missing when the container was started. */
    static String missing(String serial) {
        return failed(serial).substring(1);
    }

    /** Whether a table's place-holder can stand for this disk; two volumes may have marked it one after the other. */
    static boolean standsFor(String placeHolder, String serial) {
        return Stream.of(
                        failed(serial),
                        missing(serial),
                        failed(failed(serial)),
                        missing(failed(serial)),
                        failed(missing(serial)))
                .anyMatch(placeHolder::equals);
    }
}
