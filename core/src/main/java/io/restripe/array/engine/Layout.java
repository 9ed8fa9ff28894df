package io.restripe.array.engine;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;

/**
 * One geometry together with the members that hold its rows; immutable, replaced as a whole when members come or go. A slot is null
 * when nobody holds it.
 */
final class Layout {
    private final Geometry geometry;
    private final Member[] slots;
    private final int generation;

    /**
     * @param generation differs between the old and the new geometry of a reshape, so that their rows have different locks
     */
    Layout(Geometry geometry, Member[] slots, int generation) {
        this.geometry = geometry;
        this.slots = slots;
        this.generation = generation;
    }

    Geometry geometry() {
        return geometry;
    }

    /** By slot; nobody changes it. */
    Member[] slots() {
        return slots;
    }

    /** The member of a slot if its content up to {@code endSector} is valid, else null. */
    Member usable(int slot, long endSector) {
        Member member = slots[slot];
        return member != null && member.usable(endSector) ? member : null;
    }

    int missing() {
        return missingWithout(null);
    }

    private int missingWithout(Member gone) {
        int missing = 0;
        for (Member member : slots) {
            missing += complete(member, gone) ? 0 : 1;
        }
        return missing;
    }

    private static boolean complete(Member member, Member gone) {
        return member != null && member != gone && member.usable(Long.MAX_VALUE);
    }

    /** Whether no parity member is there at all and each row keeps it in the same place: a RAID0 under another name. */
    boolean withoutParity() {
        if (!(geometry.level() instanceof Level.Parity p)) {
            return false;
        }
        boolean fixed = p.rotation() == io.restripe.geometry.Rotation.PARITY_LAST;
        for (int slot = geometry.dataMembers(); fixed && slot < slots.length; slot++) {
            fixed = slots[slot] == null || slots[slot].failed();
        }
        return fixed;
    }

    /** The same, were this member lost. */
    Layout without(Member lost) {
        Member[] rest = slots.clone();
        for (int slot = 0; slot < rest.length; slot++) {
            rest[slot] = rest[slot] == lost ? null : rest[slot];
        }
        return new Layout(geometry, rest, generation);
    }

    /** Whether this many losses can be served whatever they are, or this very set can (RAID10). */
    boolean survives() {
        return survivesWithout(null);
    }

    /** Whether a level of copies, or of no redundancy at all, has something on this member that is nowhere else. */
    boolean holdsLastCopy(Member member) {
        boolean copies = !(geometry.level() instanceof Level.Parity);
        return copies && survives() && !survivesWithout(member);
    }

    private boolean survivesWithout(Member gone) {
        if (!(geometry.level() instanceof Level.Near n)) {
            return missingWithout(gone) <= geometry.redundancy();
        }
        for (int first = 0; first < slots.length; first++) {
            boolean any = false;
            for (int copy = 0; copy < n.near(); copy++) {
                any |= complete(slots[geometry.memberOfCopy(first, copy)], gone);
            }
            if (!any && startsCopies(first, n.near())) {
                return false;
            }
        }
        return true;
    }

    private boolean startsCopies(int first, int near) {
        return slots.length % near != 0 || first % near == 0;
    }

    /** The key of a row's lock. */
    long rowKey(long row) {
        return row << 1 | (generation & 1);
    }
}
