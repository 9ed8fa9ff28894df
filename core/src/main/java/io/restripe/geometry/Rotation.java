package io.restripe.geometry;

/**
 * Where parity sits from row to row, and where a row's data starts: md's layout numbers of RAID5 (docs/layouts.md, section 3); RAID6
 * uses the same numbers for its own variants (section 4).
 */
public enum Rotation {
    LEFT_ASYMMETRIC(0),
    RIGHT_ASYMMETRIC(1),
    LEFT_SYMMETRIC(2),
    RIGHT_SYMMETRIC(3),
    PARITY_FIRST(4),
    PARITY_LAST(5);

    private final int mdLayout;

    Rotation(int mdLayout) {
        this.mdLayout = mdLayout;
    }

    public int mdLayout() {
        return mdLayout;
    }

    static Rotation ofMdLayout(int mdLevel, int mdLayout) {
        for (Rotation rotation : values()) {
            if (rotation.mdLayout == mdLayout) {
                return rotation;
            }
        }
        String family = mdLevel != 6
                ? ""
                : switch (mdLayout) {
                    case 8, 9, 10 -> " (one of DDF's)";
                    case 16, 17, 18, 19, 20 -> " (RAID5 with a Q member appended)";
                    default -> "";
                };
        throw new IllegalArgumentException(
                "RAID" + mdLevel + " layout " + mdLayout + family + " is not supported; 0 to 5 are");
    }
}
