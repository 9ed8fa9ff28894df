package io.restripe.check;

import io.restripe.assembly.SlotDisks;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.rule.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What is dirty, half-way or missing in a volume, whatever the format. One use. */
final class VolumeState {
    private final Container container;
    private final Volume volume;
    private final Map<String, MemberDisk> disks;
    private final List<Finding> findings = new ArrayList<>();

    VolumeState(Container container, Volume volume, Map<String, MemberDisk> disks) {
        this.container = container;
        this.volume = volume;
        this.disks = disks;
    }

    List<Finding> findings() {
        addMissing(volume.geometry(), volume.slots(), "");
        if (volume.activity() instanceof Activity.Reshape reshape) {
            addMissing(reshape.after(), reshape.slotsAfter(), "the new geometry of ");
        }
        if (volume.dirty()) {
            add(
                    Severity.WARNING,
                    Kind.UNCLEAN,
                    "not stopped cleanly",
                    "it was being written when it stopped: parity or copies of what was in flight may not agree",
                    "Assemble it: they are made to agree");
        }
        switch (volume.activity()) {
            case Activity.Idle _ -> {}
            case Activity.Resync r ->
                half(
                        r.initial() ? "its first resync" : "a resync",
                        "member sector " + r.memberSector() + " of " + volume.componentSectors());
            case Activity.Rebuild r ->
                half(
                        "the rebuild of slot " + r.slot(),
                        "member sector " + r.memberSector() + " of " + volume.componentSectors());
            case Activity.Reshape r ->
                half(
                        "a reshape from " + r.before() + " to " + r.after(),
                        "unit " + r.progress().unit() + " of " + r.units()
                                + (r.progress().inCopyArea() ? ", which is saved in the copy area" : ""));
        }
        return findings;
    }

    private void half(String what, String where) {
        add(Severity.NOTE, Kind.HALF_WAY, what + " is not finished", "it is at " + where, "Assemble it: it goes on");
    }

    private void addMissing(Geometry geometry, List<Slot> slots, String which) {
        List<MemberDisk> bySlot = SlotDisks.of(slots, container, disks);
        List<Integer> missing = new ArrayList<>();
        for (int slot = 0; slot < bySlot.size(); slot++) {
            if (bySlot.get(slot) == null) {
                missing.add(slot);
            }
        }
        if (missing.isEmpty()) {
            return;
        }
        boolean lives = survives(geometry, bySlot);
        add(
                lives ? Severity.WARNING : Severity.ERROR,
                Kind.DEGRADED,
                which + (lives ? "the volume lacks members" : "the volume lacks more members than it can do without"),
                "slots " + missing + " of " + geometry.members() + " have no disk whose data can be used",
                lives ? "Add a disk: restripe add CONTAINER MEMBER" : "Bring back its members");
    }

    private static boolean survives(Geometry geometry, List<MemberDisk> bySlot) {
        int copies = geometry.copies();
        if (!(geometry.level() instanceof Level.Near) || bySlot.size() % copies != 0) {
            return bySlot.stream().filter(disk -> disk == null).count() <= geometry.redundancy();
        }
        for (int first = 0; first < bySlot.size(); first += copies) {
            if (bySlot.subList(first, first + copies).stream().allMatch(disk -> disk == null)) {
                return false;
            }
        }
        return true;
    }

    private void add(Severity severity, Kind kind, String what, String why, String remedy) {
        findings.add(new Finding(severity, kind, new Problem(what, "volume " + volume.name(), why, remedy)));
    }
}
