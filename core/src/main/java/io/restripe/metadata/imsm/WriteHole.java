package io.restripe.metadata.imsm;

import io.restripe.consistency.Consistency;
import io.restripe.consistency.ConsistencyPolicy;

/** The write-hole policies that can be carried out, and where they keep what they need (docs/imsm.md, 2.11 and 3.5). Pure. */
final class WriteHole {
    private static final long ONE_UNIT_SECTORS = 264;

    private WriteHole() {}

    static Consistency of(VolumeEntry volume, long origFamily) {
        MapEntry map = volume.map0();
        long behindData = map.startSector() + VolumeShape.sectorsByStripes(map);
        long gap = VolumeCreation.GAP_SECTORS;
        return switch (volume.writeHolePolicy()) {
            case VolumeEntry.WRITE_HOLE_PPL ->
                new Consistency(ConsistencyPolicy.PPL, behindData, ONE_UNIT_SECTORS, origFamily);
            case VolumeEntry.WRITE_HOLE_PPL_MULTIPLE ->
                new Consistency(ConsistencyPolicy.PPL, behindData, gap, origFamily);
            case VolumeEntry.WRITE_HOLE_BITMAP -> new Consistency(ConsistencyPolicy.BITMAP, behindData, gap, 0);
            default -> Consistency.BY_RESYNC;
        };
    }

    static int stored(ConsistencyPolicy policy) {
        return switch (policy) {
            case RESYNC -> VolumeEntry.WRITE_HOLE_OFF;
            case PPL -> VolumeEntry.WRITE_HOLE_PPL_MULTIPLE;
            case BITMAP -> VolumeEntry.WRITE_HOLE_BITMAP;
        };
    }

    /** Whether the volume's policy is one that can be carried out on its level. */
    static boolean isKept(VolumeEntry volume) {
        boolean bitmap = volume.writeHolePolicy() == VolumeEntry.WRITE_HOLE_BITMAP;
        int level = VolumeShape.geometry(volume.present()).mdLevel();
        return !volume.guardsWriteHole() || volume.logsParity() && level == 5 || bitmap && level != 0;
    }
}
