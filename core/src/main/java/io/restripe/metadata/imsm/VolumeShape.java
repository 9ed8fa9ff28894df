package io.restripe.metadata.imsm;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.unit.Units;

/** What a volume's numbers mean as geometry and sizes (docs/imsm.md, chapters 3.1 and 4). Pure. */
final class VolumeShape {
    /** By how much, per data member, the stripes may disagree with the size before the size is believed. */
    private static final long TOLERANCE_SECTORS = 2048;

    private static final int MIRROR_COPIES = 2;

    private VolumeShape() {}

    static Geometry geometry(MapEntry map) {
        Level level = switch (map.storedLevel()) {
            case 0 -> new Level.Striped();
            case 1 -> map.members() == MIRROR_COPIES ? new Level.Mirrored() : new Level.Near(MIRROR_COPIES);
            case 5 -> new Level.Parity(5, Rotation.LEFT_ASYMMETRIC);
            case 10 -> new Level.Near(MIRROR_COPIES);
            default -> throw new IllegalStateException("the codec let level " + map.storedLevel() + " pass");
        };
        return new Geometry(level, map.members(), map.chunkSectors());
    }

    static boolean mirrored(int storedLevel) {
        return storedLevel == 1 || storedLevel == 10;
    }

    /** Sectors of data on every member as the stripes say. */
    static long sectorsByStripes(MapEntry map) {
        return map.stripes() * map.chunkSectors() * (mirrored(map.storedLevel()) ? MIRROR_COPIES : 1);
    }

    /** Sectors of data on every member (4.3). */
    static long componentSectors(VolumeEntry volume) {
        MapEntry map = volume.map0();
        long dataMembers = geometry(map).dataMembers();
        long component = believesStripes(volume) ? sectorsByStripes(map) : volume.sizeSectors() / dataMembers;
        component = roundedToChunk(map, component);
        return roundedToChunk(volume.present(), component);
    }

    /** Whether the number of stripes agrees with the size; if it does not, the size counts. */
    static boolean believesStripes(VolumeEntry volume) {
        long dataMembers = geometry(volume.map0()).dataMembers();
        long difference = volume.sizeSectors() - sectorsByStripes(volume.map0()) * dataMembers;
        return Math.abs(difference) <= TOLERANCE_SECTORS * dataMembers;
    }

    private static long roundedToChunk(MapEntry map, long sectors) {
        return geometry(map).level() instanceof Level.Mirrored
                ? sectors
                : Units.floorToUnit(sectors, map.chunkSectors());
    }

    /** Present capacity: during a reshape still that of the source. Never more than the members hold. */
    static long arraySectors(VolumeEntry volume) {
        long held = geometry(volume.present()).arraySectors(componentSectors(volume));
        return volume.reshaping() ? held : Math.min(volume.sizeSectors(), held);
    }
}
