package io.restripe.metadata.imsm;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;

/** The unit in which the progress of a resync or rebuild is recorded, in sectors per member (docs/imsm.md, 4.5). */
final class SyncUnits {
    private static final long MIRROR_UNIT = 512;
    private static final long LEAST_REBUILD_UNIT = 128;

    private SyncUnits() {}

    static long of(VolumeEntry volume) {
        Geometry geometry = VolumeShape.geometry(volume.map0());
        boolean rebuild = volume.migrationType() == VolumeEntry.REBUILD;
        return switch (geometry.level()) {
            case Level.Mirrored _ -> MIRROR_UNIT;
            case Level.Near _ -> rebuild ? MIRROR_UNIT : 2L * geometry.chunkSectors();
            case Level.Parity _, Level.Striped _ ->
                rebuild
                        ? Math.max(LEAST_REBUILD_UNIT, geometry.chunkSectors())
                        : (long) geometry.chunkSectors() * geometry.members();
        };
    }

    /** Position per member that the recorded unit means, never behind the component's end. */
    static long position(VolumeEntry volume) {
        long component = VolumeShape.componentSectors(volume);
        long unit = of(volume);
        return volume.migrationUnit() > component / unit ? component : volume.migrationUnit() * unit;
    }
}
