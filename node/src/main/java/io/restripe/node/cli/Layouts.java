package io.restripe.node.cli;

import java.util.Locale;
import java.util.Map;

/** Layouts by mdadm's words. Pure. */
final class Layouts {
    private static final Map<String, Integer> PARITY = Map.ofEntries(
            Map.entry("left-asymmetric", 0),
            Map.entry("la", 0),
            Map.entry("right-asymmetric", 1),
            Map.entry("ra", 1),
            Map.entry("left-symmetric", 2),
            Map.entry("ls", 2),
            Map.entry("right-symmetric", 3),
            Map.entry("rs", 3),
            Map.entry("parity-first", 4),
            Map.entry("parity-last", 5));

    private Layouts() {}

    /** md's number of what IMSM has for a level. */
    static int usual(int mdLevel) {
        return mdLevel == 10 ? near(2) : 0;
    }

    /** md's number of a layout; IllegalArgumentException with the reason when the level has none of that name. */
    static int parse(int mdLevel, String text) {
        String word = text.toLowerCase(Locale.ROOT);
        Integer rotation = PARITY.get(word);
        if ((mdLevel == 5 || mdLevel == 6) && rotation != null) {
            return rotation;
        }
        if (mdLevel == 10 && word.matches("n[1-9]")) {
            return near(word.charAt(1) - '0');
        }
        String has = switch (mdLevel) {
            case 5, 6 ->
                "left-asymmetric, right-asymmetric, left-symmetric, right-symmetric, parity-first, parity-last are";
            case 10 -> "n2 is; far and offset copies are not supported";
            default -> "RAID" + mdLevel + " has no layouts";
        };
        throw new IllegalArgumentException("\"" + text + "\" is no layout of RAID" + mdLevel + ": " + has);
    }

    private static int near(int copies) {
        return 1 << 8 | copies;
    }
}
