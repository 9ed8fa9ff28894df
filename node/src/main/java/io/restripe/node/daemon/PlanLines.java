package io.restripe.node.daemon;

import io.restripe.geometry.Geometry;
import io.restripe.reshape.ReshapePlan;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;

/** A reshape's plan in people's words. Pure. */
final class PlanLines {
    private static final long SECTORS_PER_MIB = 2048;

    private PlanLines() {}

    static PlanText of(String container, ReshapePlan plan) {
        List<String> lines = new ArrayList<>();
        for (ReshapePlan.VolumePlan v : plan.volumes()) {
            lines.add(container + "/" + v.volume() + ": " + shape(v.before()) + " becomes " + shape(v.after()));
            lines.add("  capacity: " + mib(v.sectorsBefore()) + " now, " + mib(v.sectorsAfter()) + " when it is done");
            lines.add("  steps: " + v.units() + " units of " + mib(v.unitSectors())
                    + "; the longest a write can be held up is one of them");
            lines.add("  backup: " + critical(v));
            lines.add("  work: " + mib(v.movedSectors()) + " of data moved, " + mib(v.savedSectors())
                    + " written to copy areas");
        }
        return new PlanText(lines);
    }

    private static String critical(ReshapePlan.VolumePlan v) {
        if (v.criticalUnits() == 0) {
            return "no unit overwrites what is not copied yet; none is needed";
        }
        return (v.criticalUnits() == v.units() ? "every unit" : "the first " + v.criticalUnits() + " units")
                + " saved in the members' copy areas before being moved";
    }

    private static String shape(Geometry g) {
        return "raid" + g.mdLevel() + " of " + g.members() + ", " + g.chunkSectors() / Units.SECTORS_PER_KIB
                + " KiB chunks";
    }

    private static String mib(long sectors) {
        return sectors < SECTORS_PER_MIB
                ? sectors / Units.SECTORS_PER_KIB + " KiB"
                : Units.ceilDiv(sectors, SECTORS_PER_MIB) + " MiB";
    }
}
