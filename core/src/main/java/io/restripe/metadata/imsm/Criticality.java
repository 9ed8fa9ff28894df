package io.restripe.metadata.imsm;

import io.restripe.unit.Units;

/** Which units must be saved before they are moved (docs/imsm.md, 7.3). */
final class Criticality {
    private Criticality() {}

    static boolean critical(ReshapeShape shape, long unit) {
        long start = unit * shape.unitSectors();
        long source = Units.floorToUnit(start, shape.before().rowSectors());
        long lead =
                source / shape.before().dataMembers() - start / shape.after().dataMembers();
        return lead <= shape.depthSectors();
    }
}
