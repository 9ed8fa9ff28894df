package io.restripe.metadata.imsm;

import io.restripe.codec.SplitU64;
import io.restripe.codec.U32;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.Progress;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The migration record (docs/imsm.md, 2.8). It has neither signature nor checksum: {@link RecordChoice} judges it. Bytes from 64 on are
 * whatever was in the writer's memory.
 *
 * <pre>
 *  0 status  4 unit(lo)  8 family  12 ascending  16 per unit  20 depth  24 copy area(lo)  28 destination(lo)
 * 32 units(lo)  36 size after(lo)  40 size after(hi)  44 read disk  48 unit(hi)  52 copy area(hi)  56 destination(hi)  60 units(hi)
 * </pre>
 */
final class MigrationRecordCodec {
    /** Bytes that mean something. */
    static final int BYTES = 64;

    private static final U32 STATUS = new U32(0);
    private static final SplitU64 UNIT = SplitU64.at(4, 48);
    private static final U32 FAMILY = new U32(8);
    private static final U32 ASCENDING = new U32(12);
    private static final U32 PER_UNIT = new U32(16);
    private static final U32 DEPTH = new U32(20);
    /** Byte of the field that says where the copy area lies. */
    static final int COPY_AREA_AT = 24;

    private static final SplitU64 COPY_AREA = SplitU64.at(COPY_AREA_AT, 52);
    private static final SplitU64 DESTINATION = SplitU64.at(28, 56);
    private static final SplitU64 UNITS = SplitU64.at(32, 60);
    private static final SplitU64 SIZE_AFTER = SplitU64.at(36, 40);
    private static final String STRUCTURE = "migration record";

    private MigrationRecordCodec() {}

    /** Empty when the record is all zero: nothing was done yet. */
    static Optional<MigrationRecord> decode(Region region) throws MetadataException {
        region.need(STRUCTURE, 0, BYTES, region.bytes().byteSize());
        MemorySegment raw = region.bytes();
        if (Raw.of(raw, 0, BYTES).isZero()) {
            return Optional.empty();
        }
        long status = STATUS.get(raw, 0);
        if (status > 1) {
            throw region.bad(STRUCTURE, STATUS.offset(), "status " + status + ", expected 0 or 1");
        }
        return Optional.of(new MigrationRecord(
                new Progress(count(region, UNIT, "unit"), status == 1),
                FAMILY.get(raw, 0),
                ASCENDING.get(raw, 0) != 0,
                region.blocks().toSectors(PER_UNIT.get(raw, 0)),
                region.blocks().toSectors(DEPTH.get(raw, 0)),
                sectors(region, COPY_AREA, "copy area"),
                sectors(region, DESTINATION, "destination"),
                count(region, UNITS, "number of units"),
                sectors(region, SIZE_AFTER, "size after")));
    }

    private static long sectors(Region region, SplitU64 field, String name) throws MetadataException {
        return region.sectors(STRUCTURE, field.low().offset(), name, field.get(region.bytes(), 0));
    }

    private static long count(Region region, SplitU64 field, String name) throws MetadataException {
        long value = field.get(region.bytes(), 0);
        if (value < 0 || value > Blocks.MAX_SECTORS) {
            throw region.bad(
                    STRUCTURE,
                    field.low().offset(),
                    name + " " + Long.toUnsignedString(value) + " is beyond any array");
        }
        return value;
    }

    /** The record as its bytes. */
    static byte[] encode(MigrationRecord record, Blocks blocks) {
        byte[] bytes = new byte[BYTES];
        MemorySegment into = MemorySegment.ofArray(bytes);
        STATUS.set(into, 0, record.progress().inCopyArea() ? 1 : 0);
        UNIT.set(into, 0, record.progress().unit());
        FAMILY.set(into, 0, record.family());
        ASCENDING.set(into, 0, record.ascending() ? 1 : 0);
        PER_UNIT.set(into, 0, blocks.toBlocks(record.unitSectors()));
        DEPTH.set(into, 0, blocks.toBlocks(record.depthSectors()));
        COPY_AREA.set(into, 0, blocks.toBlocks(record.copyAreaSector()));
        DESTINATION.set(into, 0, blocks.toBlocks(record.destinationSector()));
        UNITS.set(into, 0, record.units());
        SIZE_AFTER.set(into, 0, blocks.toBlocks(record.sizeAfter()));
        return bytes;
    }
}
