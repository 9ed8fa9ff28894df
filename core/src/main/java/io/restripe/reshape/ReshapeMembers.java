package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Disk;
import io.restripe.disk.LostSectorsDisk;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.stripe.Members;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The members of a volume that is being reshaped: who joins, who can be read, who takes the backup. Owner: the manager's thread. */
final class ReshapeMembers {
    private final Surroundings around;
    private final int volume;
    private final ArrayControl control;
    private final Attributes attributes;
    private ReshapeShape shape;
    private UnitSaver saver;
    private Container planned;

    ReshapeMembers(Surroundings around, int volume, ArrayControl control) {
        this.around = around;
        this.volume = volume;
        this.control = control;
        this.attributes = new Attributes(control);
    }

    /** @param begun the container as recorded, or as it will be once the reshape is recorded as begun */
    void use(ReshapeShape newShape, Activity.Reshape reshape, Container begun) {
        shape = newShape;
        saver = new UnitSaver(newShape, reshape.copyAreaSector());
        planned = begun;
    }

    /** Serials of the new geometry's slots; empty where the slot must not be used: failed since, or never there. */
    private List<String> serialsAfter() {
        Container now = around.container();
        if (recorded().activity() instanceof Activity.Reshape reshape) {
            return serials(now, reshape.slotsAfter());
        }
        Activity.Reshape coming =
                (Activity.Reshape) planned.volumes().get(volume).activity();
        List<String> after = new ArrayList<>(serials(planned, coming.slotsAfter()));
        List<String> before = serials(now, recorded().slots());
        for (int slot = 0; slot < before.size(); slot++) {
            if (before.get(slot).isEmpty()) {
                after.set(slot, "");
            }
        }
        return after;
    }

    private Volume recorded() {
        return around.container().volumes().get(volume);
    }

    /** Serial of each slot; empty where it must not be used. */
    private static List<String> serials(Container container, List<Slot> slots) {
        return slots.stream()
                .map(slot -> slot.inSync()
                                && slot.disk() >= 0
                                && slot.disk() < container.disks().size()
                        ? container.disks().get(slot.disk()).serial()
                        : "")
                .toList();
    }

    /** Serials of the disks for the slots that the new geometry has more. */
    List<String> joining(Activity.Reshape reshape) {
        Container container = around.container();
        return reshape
                .slotsAfter()
                .subList(reshape.before().members(), reshape.after().members())
                .stream()
                .map(slot -> container.disks().get(slot.disk()).serial())
                .toList();
    }

    /** The new disks become members of the array with their slots, and the array learns its new number of disks. */
    void join(ReshapeGoal goal) throws AttributeException {
        // A RAID0 relocates as a RAID4 that counts its missing parity member.
        int hidden = shape.after().parityMembers() == 0 ? 1 : 0;
        long wanted = shape.after().members() + (long) hidden;
        if (attributes.number(Attribute.RAID_DISKS) != wanted) {
            attributes.set(Attribute.RAID_DISKS, wanted);
        }
        Volume recorded = recorded();
        int slot = shape.before().members();
        for (String member : goal.newMembers()) {
            if (!control.members().contains(member)) { // a manager before this one may have come so far
                control.addMember(member);
            }
            MemberPlace.tell(control, member, recorded);
            control.write(member, MemberAttribute.SLOT, Integer.toString(slot));
            MemberPlace.keepBadBlocks(control, member, recorded, around.container(), List.of());
            slot++;
        }
    }

    /** The array did not begin: the new disks leave again, and what it was to become is forgotten. */
    void leave(ReshapeGoal goal) throws AttributeException {
        for (String member : goal.newMembers()) {
            if (control.members().contains(member)) {
                control.write(member, MemberAttribute.STATE, "remove");
            }
        }
        forget(Attribute.RAID_DISKS);
        forget(Attribute.CHUNK_SIZE);
        forget(Attribute.LAYOUT);
    }

    /** An array that is to change shows NEW (OLD). */
    private void forget(Attribute attribute) throws AttributeException {
        String text = attributes.textOr(attribute, "");
        int old = text.indexOf('(');
        if (old >= 0) {
            attributes.set(attribute, text.substring(old + 1, text.indexOf(')')));
        }
    }

    long chunkBytes() {
        return Units.bytesOfSectors(shape.after().chunkSectors());
    }

    /**
     * Saves a unit whose writes are suspended. A destination that cannot be written is failed in the array first and the unit saved
     * again without it: a stale copy area must not belong to a member (R1). Where somebody could not do without it nobody is failed,
     * nor before the reshape has begun: a sound array is not made degraded for the sake of what need not be.
     */
    void save(long unit) throws IOException, ProblemException {
        while (true) {
            List<String> after = serialsAfter();
            Members sources = usable(serials(around.container(), recorded().slots()));
            Members targets = usable(after);
            refuseBeyondRedundancy(unit, targets);
            List<UnitSaver.Lost> lost = saver.save(unit, sources, targets);
            if (lost.isEmpty()) {
                return;
            }
            refuseUnbearable(unit, targets, after, lost);
            for (UnitSaver.Lost l : lost) {
                String serial = after.get(l.slot());
                if (!control.members().contains(serial)) {
                    throw new IOException("cannot save unit " + unit + " on the new disk " + serial, l.why());
                }
                control.write(serial, MemberAttribute.STATE, "faulty");
            }
            if (around.monitor().call(new Request.PingMonitor()) instanceof Reply.Refused refused) {
                throw new IOException(refused.why());
            }
        }
    }

    private void refuseUnbearable(long unit, Members targets, List<String> after, List<UnitSaver.Lost> lost)
            throws ProblemException {
        List<String> serials = lost.stream().map(l -> after.get(l.slot())).toList();
        boolean begun = recorded().activity() instanceof Activity.Reshape;
        boolean bearable = begun
                && targets.missing() + lost.size() <= shape.after().redundancy()
                && Losses.allBear(around.metadata().get(), serials);
        if (!bearable) {
            throw new ProblemException(
                    new Problem(
                            "cannot back up unit " + unit + " of " + recorded().name(),
                            "member " + serials.getFirst(),
                            String.valueOf(lost.getFirst().why().getMessage()),
                            "The reshape stands; nothing is overwritten and no member is failed. Repair or replace it, then: restripe"
                                    + " grow --continue"),
                    lost.getFirst().why());
        }
    }

    private void refuseBeyondRedundancy(long unit, Members targets) throws ProblemException {
        int bearable = shape.after().redundancy();
        if (targets.missing() > bearable) {
            throw new ProblemException(
                    new Problem(
                            "cannot back up unit " + unit + " of " + recorded().name(),
                            "volume " + recorded().name(),
                            targets.missing() + " members are missing and the new layout can do without " + bearable,
                            "The reshape stands; nothing is overwritten. Replace the failed members, then: restripe grow --continue"));
        }
    }

    /** What the array itself says after writes were suspended: a member that failed before that may lack acknowledged data. */
    private Members usable(List<String> serials) throws AttributeException {
        Map<String, MemberDisk> disks = around.disks().get();
        List<String> joined = control.members();
        List<Disk> bySlot = new ArrayList<>();
        for (String serial : serials) {
            MemberDisk disk = disks.get(serial);
            boolean failed =
                    joined.contains(serial) && attributes.memberState(serial).contains("faulty");
            bySlot.add(disk == null || failed ? null : readable(disk, joined.contains(serial)));
        }
        return new Members(bySlot, recorded().dataOffset());
    }

    /** What it has lost, by the array or by the record, is read from the others. */
    private Disk readable(MemberDisk disk, boolean joined) throws AttributeException {
        List<SectorRange> lost = new ArrayList<>();
        if (joined) {
            lost.addAll(attributes
                    .badBlocks(disk.serial(), MemberAttribute.BAD_BLOCKS)
                    .sectors());
        }
        for (ContainerDisk recorded : around.container().disks()) {
            if (recorded.serial().equals(disk.serial())) {
                lost.addAll(recorded.bad());
            }
        }
        return lost.isEmpty() ? disk.disk() : new LostSectorsDisk(disk.disk(), lost);
    }
}
