package io.restripe.geometry;

import java.util.Objects;

/** What a row of chunks is made of. A closed set: a rotation for RAID0 cannot be expressed. */
public sealed interface Level {
    /** md's level number. */
    int mdLevel();

    /** md's layout number. */
    int mdLayout();

    /** RAID0 with members of equal size. */
    record Striped() implements Level {
        @Override
        public int mdLevel() {
            return 0;
        }

        @Override
        public int mdLayout() {
            return 0;
        }
    }

    /**
     * RAID4, RAID5 and RAID6.
     *
     * @param mdLevel 4, 5 or 6; RAID4 is always {@link Rotation#PARITY_LAST}
     * @param rotation where parity sits
     */
    record Parity(int mdLevel, Rotation rotation) implements Level {
        public Parity {
            Objects.requireNonNull(rotation);
            if (mdLevel < 4 || mdLevel > 6) {
                throw new IllegalArgumentException("parity level " + mdLevel);
            }
            if (mdLevel == 4 && rotation != Rotation.PARITY_LAST) {
                throw new IllegalArgumentException("RAID4 keeps parity on its last member, not " + rotation);
            }
        }

        public int parityMembers() {
            return mdLevel == 6 ? 2 : 1;
        }

        @Override
        public int mdLayout() {
            return rotation.mdLayout();
        }
    }

    /** RAID1: every member holds everything. Its geometry's chunk is the granule of locking only. */
    record Mirrored() implements Level {
        @Override
        public int mdLevel() {
            return 1;
        }

        @Override
        public int mdLayout() {
            return 0;
        }
    }

    /**
     * RAID10 with near copies (docs/layouts.md, section 6).
     *
     * @param near copies of each chunk, at least 1
     */
    record Near(int near) implements Level {
        public Near {
            if (near < 1) {
                throw new IllegalArgumentException("near copies " + near);
            }
        }

        @Override
        public int mdLevel() {
            return 10;
        }

        @Override
        public int mdLayout() {
            return 0x100 | near;
        }
    }
}
