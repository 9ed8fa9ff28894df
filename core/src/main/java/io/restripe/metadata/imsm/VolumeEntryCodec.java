package io.restripe.metadata.imsm;

import io.restripe.codec.Ascii;
import io.restripe.codec.SplitU64;
import io.restripe.codec.U16;
import io.restripe.codec.U32;
import io.restripe.codec.U8;
import io.restripe.metadata.MetadataException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * One volume with its maps (docs/imsm.md, 2.4 and 2.5).
 *
 * <pre>
 *  0 name[16]  16 size(lo)  20 size(hi)  24 status  ... 40 volume id u16 ... 50 write hole policy u8 ...
 * 80 unit(lo)  84 checkpoint id  88 migrating u8  89 type u8  90 dirty u8 ...  96 unit(hi)  100 filler[12]  112 map0, map1
 * </pre>
 */
final class VolumeEntryCodec {
    private static final Ascii NAME = new Ascii(0, VolumeEntry.NAME_BYTES);
    private static final SplitU64 SIZE = SplitU64.at(16, 20);
    private static final U32 STATUS = new U32(24);
    private static final U16 VOLUME_ID = new U16(40);
    private static final U8 WRITE_HOLE_POLICY = new U8(50);
    private static final SplitU64 UNIT = SplitU64.at(80, 96);
    private static final U8 MIGRATING = new U8(88);
    private static final U8 TYPE = new U8(89);
    private static final U8 DIRTY = new U8(90);

    private VolumeEntryCodec() {}

    static VolumeEntry decode(Region region, long at, long end, int index, boolean large, int diskCount)
            throws MetadataException {
        String structure = "volume " + index;
        region.need(structure, at, VolumeEntry.HEAD_BYTES, end);
        MemorySegment raw = region.bytes();
        int migrating = MIGRATING.get(raw, at);
        if (migrating > 1) {
            throw region.bad(structure, at + MIGRATING.offset(), "migration state " + migrating + ", expected 0 or 1");
        }
        int type = TYPE.get(raw, at);
        if (type > VolumeEntry.REPAIR) {
            throw region.bad(structure, at + TYPE.offset(), "migration type " + type + ", expected 0 to 5");
        }
        long mapAt = at + VolumeEntry.HEAD_BYTES;
        MapEntry map0 = MapEntryCodec.decode(region, mapAt, end, "map 0 of " + structure, large, diskCount);
        Optional<MapEntry> map1 = migrating == 0
                ? Optional.empty()
                : Optional.of(MapEntryCodec.decode(
                        region, mapAt + map0.bytes(), end, "map 1 of " + structure, large, diskCount));
        return new VolumeEntry(
                Raw.of(raw, at, VolumeEntry.HEAD_BYTES),
                NAME.get(raw, at),
                region.sectors(structure, at + SIZE.low().offset(), "size", SIZE.get(raw, at)),
                STATUS.get(raw, at),
                VOLUME_ID.get(raw, at),
                WRITE_HOLE_POLICY.get(raw, at),
                region.sectors(structure, at + UNIT.low().offset(), "unit", UNIT.get(raw, at)),
                type,
                DIRTY.get(raw, at),
                map0,
                map1);
    }

    static void encode(VolumeEntry volume, Blocks blocks, boolean large, MemorySegment into, long at) {
        volume.raw().copyTo(into, at);
        NAME.set(into, at, volume.name());
        SIZE.set(into, at, blocks.toBlocks(volume.sizeSectors()));
        STATUS.set(into, at, volume.status());
        VOLUME_ID.set(into, at, volume.volumeId());
        WRITE_HOLE_POLICY.set(into, at, volume.writeHolePolicy());
        // Real mdadm divides this count of units like a count of blocks (13.7); writing it otherwise would mean 8 times
        // as much to it. Of a reshape it uses the record alone: there the count is rounded up, so that it is 0 only
        // when it is.
        long perBlock = blocks.sectorsPerBlock();
        long unit = volume.migrationUnit();
        UNIT.set(into, at, volume.reshaping() ? Units.ceilDiv(unit, perBlock) : unit / perBlock);
        MIGRATING.set(into, at, volume.migrating() ? 1 : 0);
        TYPE.set(into, at, volume.migrationType());
        DIRTY.set(into, at, volume.dirty());
        long mapAt = at + VolumeEntry.HEAD_BYTES;
        MapEntryCodec.encode(volume.map0(), blocks, large, into, mapAt);
        if (volume.map1().isPresent()) {
            MapEntryCodec.encode(
                    volume.map1().get(),
                    blocks,
                    large,
                    into,
                    mapAt + volume.map0().bytes());
        }
    }
}
