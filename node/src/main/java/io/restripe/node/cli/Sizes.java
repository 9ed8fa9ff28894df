package io.restripe.node.cli;

import java.util.Locale;

/** Sizes as people write and read them: powers of 1024. Stateless. */
final class Sizes {
    static final long BYTE = 1;
    static final long KIB = 1L << 10;
    private static final String UNITS = "KMGTP";
    private static final long SECTOR = io.restripe.unit.Units.SECTOR_BYTES;

    private Sizes() {}

    /**
     * Bytes of a text such as {@code 64}, {@code 64K}, {@code 2MiB}, {@code 1G} or {@code 8s} (sectors of 512 bytes).
     *
     * @param unitBytes what a number without a suffix counts
     * @throws IllegalArgumentException with the reason, for people
     */
    static long parse(String text, long unitBytes) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        if (digits == 0) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not a size: write a number and, if you like, K, M, G or T");
        }
        try {
            long number = Long.parseLong(text.substring(0, digits));
            return Math.multiplyExact(number, scale(text, text.substring(digits), unitBytes));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("\"" + text + "\" is more than 8 EiB", e);
        }
    }

    private static long scale(String text, String suffix, long unitBytes) {
        String unit = suffix.toUpperCase(Locale.ROOT).replaceFirst("(?<=[KMGTP])(IB|B)$", "");
        if (unit.isEmpty()) {
            return unitBytes;
        }
        if (unit.equals("S")) {
            return SECTOR;
        }
        if (unit.equals("B")) {
            return BYTE;
        }
        int power = unit.length() == 1 ? UNITS.indexOf(unit) : -1;
        if (power < 0) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not a size: its unit is none of B, s (sectors of 512 bytes), K, M, G, T, P");
        }
        return 1L << 10 * (power + 1);
    }

    /** "1.5 GiB"; whole numbers without a fraction. */
    static String text(long bytes) {
        if (bytes < KIB) {
            return bytes + " bytes";
        }
        int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        double value = (double) bytes / (1L << 10 * power);
        String number = value == Math.rint(value)
                ? String.valueOf((long) value)
                : String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
        return number + " " + "KMGTPE".charAt(power - 1) + "iB";
    }
}
