package io.restripe.check;

import io.restripe.assembly.SlotDisks;
import io.restripe.disk.Disk;
import io.restripe.disk.LostSectorsDisk;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapeShape;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.rule.Problem;
import io.restripe.stripe.Members;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Compares parity or copies of one volume, wherever its metadata says that they must agree. Half-way through a reshape that is: rows of
 * the new geometry wholly below the checkpoint; the rows of a unit that is saved, in the copy area; rows of the old geometry wholly above
 * both. The rows between hold what is on its way. One use.
 */
final class ContentCheck {
    /** So many places are told one by one; more are summed up. */
    private static final int TOLD = 16;

    private final Container container;
    private final Volume volume;
    private final Map<String, MemberDisk> disks;
    private final ContainerCheck.Watcher watcher;
    private List<Finding> findings;
    private long compared;
    private long differing;

    ContentCheck(Container container, Volume volume, Map<String, MemberDisk> disks, ContainerCheck.Watcher watcher) {
        this.container = container;
        this.volume = volume;
        this.disks = disks;
        this.watcher = watcher;
    }

    /**
     * A stretch of rows to compare.
     *
     * @param offset disk sector of member sector 0
     * @param start member sector of the first row
     * @param end member sector behind the last
     * @param what how to call these rows
     */
    private record Stretch(Geometry geometry, List<Slot> slots, long offset, long start, long end, String what) {}

    /** What was compared; empty when nothing was. */
    Optional<Verdict.Scrub> run(List<Finding> into) {
        findings = into;
        for (Stretch stretch : stretches()) {
            compare(stretch);
        }
        return compared == 0 ? Optional.empty() : Optional.of(new Verdict.Scrub(volume.name(), compared, differing));
    }

    private List<Stretch> stretches() {
        Geometry geometry = volume.geometry();
        long end = wholeRows(geometry, volume.componentSectors());
        return switch (volume.activity()) {
            case Activity.Resync resync -> {
                long known = Math.min(end, wholeRows(geometry, resync.memberSector()));
                skip("rows from member sector " + known + " on", "a resync has yet to make them agree");
                yield List.of(new Stretch(geometry, volume.slots(), volume.dataOffset(), 0, known, ""));
            }
            case Activity.Reshape reshape when reshape.depthSectors() > 0 -> reshaping(reshape);
            case Activity.Idle _, Activity.Rebuild _, Activity.Reshape _ ->
                List.of(new Stretch(geometry, volume.slots(), volume.dataOffset(), 0, end, ""));
        };
    }

    private static long wholeRows(Geometry geometry, long memberSectors) {
        return geometry.level() instanceof Level.Mirrored
                ? memberSectors
                : Units.floorToUnit(memberSectors, geometry.chunkSectors());
    }

    private List<Stretch> reshaping(Activity.Reshape reshape) {
        ReshapeShape shape = ReshapeShape.of(volume, reshape);
        Progress progress = reshape.progress();
        Geometry before = reshape.before();
        List<Stretch> all = new ArrayList<>();
        long relocated = shape.deviceOf(shape.positionOfUnit(progress.unit()));
        long done = relocated;
        all.add(new Stretch(
                reshape.after(), reshape.slotsAfter(), volume.dataOffset(), 0, relocated, "below the checkpoint, "));
        if (progress.inCopyArea()) {
            done = shape.deviceEndOfUnit(progress.unit());
            all.add(new Stretch(
                    reshape.after(),
                    reshape.slotsAfter(),
                    reshape.copyAreaSector() - relocated, // where member sector 0 would be for the unit to lie there
                    relocated,
                    done,
                    "in the copy area, "));
        }
        long position = Math.multiplyExact(done, (long) reshape.after().dataMembers());
        long firstOld = Units.ceilDiv(position, before.rowSectors()) * before.chunkSectors();
        all.add(new Stretch(
                before, volume.slots(), volume.dataOffset(), firstOld, shape.deviceEnd(), "above the checkpoint, "));
        return all;
    }

    private void compare(Stretch stretch) {
        Geometry geometry = stretch.geometry();
        if (stretch.start() >= stretch.end() || geometry.redundancy() == 0) {
            return; // without redundancy there is nothing that could disagree
        }
        List<MemberDisk> bySlot = SlotDisks.of(stretch.slots(), container, disks);
        if (bySlot.stream().anyMatch(Objects::isNull)) {
            skip(stretch.what() + "all rows", "the volume lacks members, whose chunks follow from the others");
            return;
        }
        if (!RowComparison.canCompare(geometry)) {
            skip(stretch.what() + "all rows", "copies of " + geometry + " do not lie side by side");
            return;
        }
        List<Disk> present = bySlot.stream().map(MemberDisk::disk).toList();
        RowComparison rows = new RowComparison(geometry, new Members(present, stretch.offset()));
        rows.compare(
                stretch.start(), stretch.end(), at -> watcher.reached(volume.name(), at, volume.componentSectors()));
        compared += stretch.end() - stretch.start();
        tellWrong(stretch, rows.wrong());
        tellUnreadable(stretch, rows.unreadable());
    }

    private void skip(String which, String why) {
        findings.add(new Finding(
                Severity.NOTE,
                Kind.NOT_COMPARED,
                new Problem(
                        "contents not compared",
                        "volume " + volume.name() + ", " + which,
                        why,
                        "Check again when it is whole")));
    }

    private void tellWrong(Stretch stretch, List<RowRange> ranges) {
        boolean parity = stretch.geometry().level() instanceof Level.Parity;
        String what = parity ? "parity does not agree with the data" : "copies differ";
        String remedy = volume.dirty()
                ? "Assemble it: the resync after an unclean stop makes them agree"
                : "Find the cause. Then assemble, and rewrite "
                        + (parity ? "parity from the data" : "the other copies from the first")
                        + ": restripe check --repair CONTAINER/" + volume.name();
        long told = 0;
        for (RowRange range : ranges.subList(0, Math.min(TOLD, ranges.size()))) {
            add(Kind.CONTENTS, what, where(stretch, range), range.culprit(), remedy);
            told += range.sectors();
        }
        long all = ranges.stream().mapToLong(RowRange::sectors).sum();
        if (ranges.size() > TOLD) {
            add(
                    Kind.CONTENTS,
                    what,
                    "volume " + volume.name() + ", " + stretch.what() + "further rows",
                    (ranges.size() - TOLD) + " more places with " + (all - told) + " sectors per member",
                    remedy);
        }
        differing += all;
    }

    /** Wrong in a volume that was stopped cleanly, expected in one that was not. */
    private void add(Kind kind, String what, String where, String why, String remedy) {
        Severity severity = volume.dirty() ? Severity.WARNING : Severity.ERROR;
        findings.add(new Finding(severity, kind, new Problem(what, where, why, remedy)));
    }

    private void tellUnreadable(Stretch stretch, List<RowRange> ranges) {
        for (RowRange range : ranges.subList(0, Math.min(TOLD, ranges.size()))) {
            boolean known = range.culprit().contains(LostSectorsDisk.RECORDED);
            findings.add(new Finding(
                    known ? Severity.WARNING : Severity.ERROR,
                    Kind.UNREADABLE,
                    new Problem(
                            "contents that cannot be read from every member",
                            where(stretch, range),
                            range.culprit(),
                            "Replace the disk, or assemble and repair: restripe check --repair CONTAINER/"
                                    + volume.name())));
        }
    }

    private String where(Stretch stretch, RowRange range) {
        int chunk = stretch.geometry().chunkSectors();
        return "volume " + volume.name() + ", " + stretch.what() + "rows " + range.start() / chunk + " to "
                + (range.end() - 1) / chunk + ": disk sectors " + (stretch.offset() + range.start()) + " to "
                + (stretch.offset() + range.end() - 1) + " of every member";
    }
}
