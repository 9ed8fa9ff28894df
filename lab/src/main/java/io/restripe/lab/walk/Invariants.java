package io.restripe.lab.walk;

import static io.restripe.lab.walk.Violation.unless;

import io.restripe.lab.walk.World.Array;
import io.restripe.lab.walk.World.Copy;
import io.restripe.lab.walk.World.Disks;
import io.restripe.lab.walk.World.Power;
import io.restripe.metadata.Progress;
import io.restripe.reshape.ReshapeShape;
import io.restripe.rule.Rule;

/** What must hold in every state: what a cut of power now would leave, and what writes may do meanwhile. */
final class Invariants {
    private final Bounds bounds;
    private final ReshapeShape shape;

    Invariants(Bounds bounds) {
        this.bounds = bounds;
        this.shape = bounds.shape();
    }

    void check(World w) {
        for (int volume = 0; volume < w.arrays().size(); volume++) {
            Array array = w.array(volume);
            if (volume == w.disks().migrating()) {
                survivesNow(w.disks(), array, volume);
                if (w.power() == Power.ON) {
                    bound(w.disks().record(), array);
                    suspended(w.disks().record(), array);
                }
            } else {
                unless(
                        volume < w.disks().done() ? array.flushed() >= shape.deviceEnd() : array.reached() == 0,
                        Rule.R12_BORN_SAFE,
                        "metadata says that volume " + volume + " is not being reshaped, and it is");
            }
        }
        long relocating = w.arrays().stream().filter(Array::reshaping).count();
        unless(relocating <= 1, Rule.R7_ONE_MIGRATION, relocating + " arrays relocate");
    }

    /** Everything below the checkpoint is durably new, everything else durably old, or in the copy area that the record names. */
    private void survivesNow(Disks disks, Array array, int volume) {
        Progress record = disks.record();
        long checkpoint = shape.positionOfUnit(record.unit());
        unless(
                array.flushed() >= shape.deviceOf(checkpoint),
                Rule.R1_NO_OVERWRITE,
                "new rows below the checkpoint are not durable");
        boolean saved = disks.copy() == Copy.FRESH && disks.copyVolume() == volume && disks.copyUnit() == record.unit();
        unless(
                !record.inCopyArea() || saved,
                record.unit() == 0 ? Rule.R12_BORN_SAFE : Rule.R1_NO_OVERWRITE,
                "the record names unit " + record.unit() + ", and the copy area does not hold it as it is");
        long from = record.unit() + (record.inCopyArea() ? 1 : 0);
        unless(
                array.reached() <= (from >= shape.units() ? shape.deviceEnd() : bounds.sourceOf(from)),
                Rule.R1_NO_OVERWRITE,
                "source of unit " + from + " is overwritten");
        unless(
                array.positioned() || array.adopted() || record.unit() > 0 || record.inCopyArea(),
                Rule.R12_BORN_SAFE,
                "metadata says migrating, and unit 0 is not in the record");
    }

    private void bound(Progress record, Array array) {
        if (array.positioned() && record.unit() < shape.units()) {
            long saved = record.inCopyArea() ? shape.deviceEndOfUnit(record.unit()) : 0;
            long limit = Math.max(bounds.sourceOf(record.unit()), saved);
            unless(array.syncMax() <= limit, Rule.R2_BOUND, "sync_max " + array.syncMax() + ", bound " + limit);
        }
    }

    private void suspended(Progress record, Array array) {
        long checkpoint = shape.positionOfUnit(record.unit());
        if (array.positioned()) {
            long allowed = Math.min(shape.end(), bounds.positionOf(array.syncMax()));
            unless(
                    array.holds(checkpoint, allowed),
                    array.lo() > checkpoint ? Rule.R4_LATE_RELEASE : Rule.R3_SUSPENDED,
                    "the array may relocate where writes go on");
        }
        if (record.inCopyArea()) {
            unless(
                    array.holds(checkpoint, shape.positionOfUnit(record.unit() + 1)),
                    Rule.R3_SUSPENDED,
                    "writes go to unit " + record.unit() + ", which a crash would restore from the copy area");
        }
    }
}
