package io.restripe.metadata.imsm;

/**
 * A grow of the whole container between two of its volumes. Shapes do not tell it: a volume over fewer disks than the first may just have
 * been made so. Real mdadm has no such state, it begins the next volume in the write that ends the one before, unsafely (docs/imsm.md,
 * 13.5). Ours ends the one first; the same write marks those that are to follow with the type of their migration, of which nobody takes
 * notice in an idle volume. Pure.
 */
final class PendingGrow {
    private PendingGrow() {}

    /** After the end of a reshape: those of its volume's shape before that have not had their turn are marked. */
    static Mpb withFollowers(Mpb mpb, int ended, MapEntry before) {
        Mpb marked = mpb;
        for (int index = ended + 1; index < mpb.volumes().size(); index++) {
            if (mpb.volumes().get(index).map0().members() == before.members()) {
                marked = withMark(marked, index);
            }
        }
        return marked;
    }

    /** With the mark of a volume in which the container's grow is to go on; the same when it is none. */
    static Mpb withMark(Mpb mpb, int index) {
        VolumeEntry volume = mpb.volumes().get(index);
        return mayFollow(mpb, index) ? mpb.withVolume(index, volume.awaitingGrow()) : mpb;
    }

    /** Whether a volume is marked, and could have been by a grow. */
    static boolean isIn(Mpb mpb, int index) {
        return mpb.volumes().get(index).awaitsGrow() && mayFollow(mpb, index);
    }

    /** An idle volume over the first of the disks that the container's first volume is on. */
    private static boolean mayFollow(Mpb mpb, int index) {
        VolumeEntry volume = mpb.volumes().get(index);
        MapEntry narrow = volume.map0();
        MapEntry wide = mpb.volumes().getFirst().map0();
        if (volume.migrating() || narrow.members() >= wide.members() || VolumeShape.mirrored(narrow.storedLevel())) {
            return false;
        }
        for (int slot = 0; slot < narrow.members(); slot++) {
            if (narrow.diskOf(slot) != wide.diskOf(slot)) {
                return false;
            }
        }
        return true;
    }
}
