package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.AttributeException;
import io.restripe.array.BadBlockList;
import io.restripe.array.MemberAttribute;
import io.restripe.metadata.Container;
import io.restripe.metadata.Volume;
import io.restripe.unit.SectorRange;
import io.restripe.unit.SectorRanges;
import io.restripe.unit.Units;
import java.util.List;

/** Tells an array of a member: where its data lies, and its partial parity log, before it gets a slot; its bad blocks behind that. */
public final class MemberPlace {
    private MemberPlace() {}

    public static void tell(ArrayControl control, String member, Volume volume) throws AttributeException {
        control.write(member, MemberAttribute.OFFSET, Long.toString(volume.dataOffset()));
        control.write(member, MemberAttribute.SIZE, Long.toString(volume.componentSectors() / Units.SECTORS_PER_KIB));
        tellLog(control, member, volume);
    }

    /** Of a member with or without a slot, where the array does not log yet. */
    public static void tellLog(ArrayControl control, String member, Volume volume) throws AttributeException {
        if (volume.consistency().logsParity()) {
            control.write(
                    member,
                    MemberAttribute.PPL_SECTOR,
                    Long.toString(volume.consistency().sector()));
            control.write(
                    member,
                    MemberAttribute.PPL_SIZE,
                    Long.toString(volume.consistency().sectors()));
        }
    }

    /**
     * A member with a slot keeps a list of bad blocks from now on. Not where the format has no log of them, and not where nothing makes
     * up for a bad block: there a write that fails is to be an error.
     *
     * @param bad sectors of the whole disk that are bad to begin with
     */
    public static void keepBadBlocks(
            ArrayControl control, String member, Volume volume, Container container, List<SectorRange> bad)
            throws AttributeException {
        if (!container.logsBadBlocks() || volume.geometry().redundancy() == 0) {
            return;
        }
        control.write(member, MemberAttribute.STATE, "external_bbl");
        for (SectorRange range : SectorRanges.within(bad, extent(volume))) {
            control.write(member, MemberAttribute.BAD_BLOCKS, BadBlockList.entry(range));
        }
    }

    /** The sectors of every member's whole disk that are the volume's. */
    static SectorRange extent(Volume volume) {
        return new SectorRange(volume.dataOffset(), volume.dataOffset() + volume.componentSectors());
    }
}
