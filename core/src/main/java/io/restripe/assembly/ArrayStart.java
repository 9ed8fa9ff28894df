package io.restripe.assembly;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.MemberAttribute;
import io.restripe.consistency.BitmapArea;
import io.restripe.consistency.Consistency;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.reshape.MemberPlace;
import io.restripe.reshape.ReshapeShape;
import io.restripe.unit.Units;
import java.util.List;
import java.util.Set;

/**
 * Configures an array from its volume's metadata and starts it read-only, in the order that md wants (docs/md-control.md, sections 8.7
 * and 9). {@link #go} then lets it run, once its monitor watches.
 */
public final class ArrayStart {
    private final ArrayControl control;
    private final Attributes attributes;
    private final Volume volume;
    private final Container container;
    private final Set<String> atHand;

    /** @param atHand serials of the disks that are there */
    public ArrayStart(ArrayControl control, Volume volume, Container container, Set<String> atHand) {
        this.control = control;
        this.attributes = new Attributes(control);
        this.volume = volume;
        this.container = container;
        this.atHand = atHand;
    }

    /** Everything up to {@code array_state=readonly}; a half-way reshape stands at its checkpoint, writes above it suspended. */
    public void configure(String containerName) throws AttributeException {
        attributes.set(Attribute.METADATA_VERSION, "external:/" + containerName + "/" + volume.index());
        consistency();
        Activity.Reshape reshape = movedReshape();
        if (reshape == null) {
            geometry(volume.geometry());
            start(volume.slots());
        } else {
            halfWay(reshape);
        }
    }

    /** While a resync is owed that something else must precede, there are no logs, and no bit may be forgotten. */
    private void consistency() throws AttributeException {
        Consistency kept = volume.consistency();
        if (kept.logsParity() && !volume.dirty()) {
            attributes.set(Attribute.CONSISTENCY_POLICY, kept.policy().word());
        } else if (kept.mapsWrites()) {
            attributes.set(Attribute.CONSISTENCY_POLICY, kept.policy().word());
            attributes.set(Attribute.BITMAP_LOCATION, "+" + (kept.sector() + BitmapArea.BITS_SECTOR));
            attributes.set(Attribute.BITMAP_CAN_CLEAR, Boolean.toString(!volume.dirty()));
        }
    }

    /** From read-only to running: syncs and reshapes go on by themselves. */
    public void go() throws AttributeException {
        control.write(Attribute.ARRAY_STATE, "active");
    }

    /** The reshape that has moved something, else null: before its first unit is durable a volume starts in its old geometry. */
    private Activity.Reshape movedReshape() {
        return volume.activity() instanceof Activity.Reshape r && r.progress().unit() > 0 ? r : null;
    }

    private void geometry(Geometry geometry) throws AttributeException {
        attributes.set(Attribute.LEVEL, "raid" + geometry.mdLevel());
        attributes.set(Attribute.RAID_DISKS, geometry.members());
        if (geometry.level() instanceof Level.Mirrored) {
            attributes.set(Attribute.CHUNK_SIZE, 0);
        } else {
            attributes.set(Attribute.CHUNK_SIZE, Units.bytesOfSectors(geometry.chunkSectors()));
        }
        attributes.set(Attribute.LAYOUT, geometry.mdLayout());
        attributes.set(Attribute.COMPONENT_SIZE, volume.componentSectors() / Units.SECTORS_PER_KIB);
        attributes.set(Attribute.ARRAY_SIZE, volume.arraySectors() / Units.SECTORS_PER_KIB);
    }

    private void start(List<Slot> slots) throws AttributeException {
        if (volume.geometry().redundancy() > 0) {
            control.write(
                    Attribute.RESYNC_START,
                    volume.activity() instanceof Activity.Resync r ? Long.toString(r.memberSector()) : "none");
        }
        members(slots);
        control.write(Attribute.ARRAY_STATE, "readonly");
    }

    private void halfWay(Activity.Reshape reshape) throws AttributeException {
        ReshapeShape shape = ReshapeShape.of(volume, reshape);
        long position = shape.positionOfUnit(reshape.progress().unit());
        Geometry before = asRelocating(reshape.before(), reshape.after());
        Geometry after = asRelocating(reshape.after(), reshape.after());
        geometry(before);
        control.write(Attribute.RESYNC_START, "none");
        attributes.set(Attribute.RESHAPE_POSITION, position);
        attributes.set(Attribute.CHUNK_SIZE, Units.bytesOfSectors(after.chunkSectors()));
        attributes.set(Attribute.LAYOUT, after.mdLayout());
        attributes.set(Attribute.RAID_DISKS, after.members());
        members(reshape.slotsAfter());
        control.write(Attribute.ARRAY_STATE, "readonly");
        attributes.set(Attribute.SUSPEND_LO, Attributes.MAX);
        attributes.set(Attribute.SUSPEND_HI, position);
        attributes.set(Attribute.SUSPEND_LO, position);
        attributes.set(Attribute.SYNC_MAX, shape.deviceOf(position));
    }

    /** RAID0 relocates as a RAID4 (or, on the way to RAID5, as a RAID5) whose parity member, the last, is missing. */
    private static Geometry asRelocating(Geometry geometry, Geometry after) {
        if (!(geometry.level() instanceof Level.Striped)) {
            return geometry;
        }
        Level carrier = after.level() instanceof Level.Parity
                ? new Level.Parity(5, io.restripe.geometry.Rotation.PARITY_LAST)
                : new Level.Parity(4, io.restripe.geometry.Rotation.PARITY_LAST);
        return new Geometry(carrier, geometry.members() + 1, geometry.chunkSectors());
    }

    private void members(List<Slot> slots) throws AttributeException {
        for (int slot = 0; slot < slots.size(); slot++) {
            ContainerDisk disk = container.disks().get(slots.get(slot).disk());
            boolean rebuilt = volume.activity() instanceof Activity.Rebuild r && r.slot() == slot;
            if (!atHand.contains(disk.serial()) || (!slots.get(slot).inSync() && !rebuilt)) {
                continue;
            }
            String member = disk.serial();
            control.addMember(member);
            MemberPlace.tell(control, member, volume);
            control.write(member, MemberAttribute.STATE, "insync");
            control.write(member, MemberAttribute.SLOT, Integer.toString(slot));
            control.write(member, MemberAttribute.RECOVERY_START, recoveryStart(slot));
            MemberPlace.keepBadBlocks(control, member, volume, container, rebuilt ? List.of() : disk.bad());
        }
    }

    private String recoveryStart(int slot) {
        return volume.activity() instanceof Activity.Rebuild r && r.slot() == slot
                ? Long.toString(r.memberSector())
                : "none";
    }
}
