package io.restripe.metadata.imsm;

import io.restripe.codec.SplitU64;
import io.restripe.codec.U16;
import io.restripe.codec.U32;
import io.restripe.codec.U8;
import io.restripe.metadata.MetadataException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One map of a volume (docs/imsm.md, 2.6).
 *
 * <pre>
 *  0 start(lo)   4 per member(lo)   8 stripes(lo)  12 chunk u16  14 state u8  15 level u8
 * 16 members u8 17 domains u8 18 failed slot u8 19 ddf u8
 * 20 start(hi)  24 per member(hi)  28 stripes(hi)  32 filler[16]  48 order u32[members]
 * </pre>
 */
final class MapEntryCodec {
    private static final SplitU64 START = SplitU64.at(0, 20);
    private static final SplitU64 PER_MEMBER = SplitU64.at(4, 24);
    private static final SplitU64 STRIPES = SplitU64.at(8, 28);
    private static final U16 CHUNK = new U16(12);
    private static final U8 STATE = new U8(14);
    private static final U8 LEVEL = new U8(15);
    private static final U8 MEMBERS = new U8(16);
    private static final U8 DOMAINS = new U8(17);
    private static final U8 FAILED_SLOT = new U8(18);
    private static final U8 DDF = new U8(19);
    private static final U32 SLOT = new U32(0);

    private MapEntryCodec() {}

    static MapEntry decode(Region region, long at, long end, String structure, boolean large, int diskCount)
            throws MetadataException {
        region.need(structure, at, MapEntry.HEAD_BYTES, end);
        MemorySegment raw = region.bytes();
        int members = MEMBERS.get(raw, at);
        region.need(structure, at, MapEntry.HEAD_BYTES + (long) Integer.BYTES * members, end);
        int level = LEVEL.get(raw, at);
        checkLevel(region, structure, at, level, members);
        long chunk = region.blocks().toSectors(CHUNK.get(raw, at));
        if (chunk == 0) {
            throw region.bad(structure, at + CHUNK.offset(), "chunk of 0 sectors, expected at least 1");
        }
        long stripes = large ? STRIPES.get(raw, at) : STRIPES.low().get(raw, at);
        if (stripes < 0 || stripes > Blocks.MAX_SECTORS / chunk) {
            throw region.bad(
                    structure,
                    at + STRIPES.low().offset(),
                    Long.toUnsignedString(stripes) + " stripes of " + chunk + " sectors are beyond any disk");
        }
        int state = STATE.get(raw, at);
        if (state > MapEntry.LOST) {
            throw region.bad(structure, at + STATE.offset(), "map state " + state + ", expected 0 to 3");
        }
        return new MapEntry(
                Raw.of(raw, at, MapEntry.HEAD_BYTES),
                position(region, at, structure, START, "start", large),
                position(region, at, structure, PER_MEMBER, "length per member", large),
                stripes,
                Math.toIntExact(chunk),
                state,
                level,
                DOMAINS.get(raw, at),
                FAILED_SLOT.get(raw, at),
                order(region, at, structure, members, diskCount));
    }

    private static long position(Region region, long at, String structure, SplitU64 field, String name, boolean large)
            throws MetadataException {
        long stored = large ? field.get(region.bytes(), at) : field.low().get(region.bytes(), at);
        return region.sectors(structure, at + field.low().offset(), name, stored);
    }

    private static void checkLevel(Region region, String structure, long at, int level, int members)
            throws MetadataException {
        boolean known = level == 0 || level == 1 || level == 5 || level == 10;
        if (!known) {
            throw region.bad(structure, at + LEVEL.offset(), "RAID level " + level + ", expected 0, 1, 5 or 10");
        }
        boolean fits = switch (level) {
            case 0 -> members >= 1;
            case 5 -> members >= 3;
            default -> members >= 2 && members % 2 == 0;
        };
        if (!fits) {
            throw region.bad(
                    structure, at + MEMBERS.offset(), members + " members do not make an array of level " + level);
        }
    }

    private static List<Integer> order(Region region, long at, String structure, int members, int diskCount)
            throws MetadataException {
        List<Integer> order = new ArrayList<>(members);
        Set<Integer> seen = new HashSet<>();
        for (int slot = 0; slot < members; slot++) {
            long place = at + MapEntry.HEAD_BYTES + (long) Integer.BYTES * slot;
            int entry = (int) SLOT.get(region.bytes(), place);
            int disk = entry & MapEntry.INDEX_MASK;
            if (disk >= diskCount) {
                throw region.bad(
                        structure, place, "slot " + slot + " names disk " + disk + " of a table of " + diskCount);
            }
            if (!seen.add(disk)) {
                throw region.bad(structure, place, "slot " + slot + " names disk " + disk + " a second time");
            }
            order.add(entry);
        }
        return order;
    }

    static void encode(MapEntry map, Blocks blocks, boolean large, MemorySegment into, long at) {
        map.raw().copyTo(into, at);
        DiskEntryCodec.setSplit(START, into, at, blocks.toBlocks(map.startSector()), large);
        DiskEntryCodec.setSplit(PER_MEMBER, into, at, blocks.toBlocks(map.memberSectors()), large);
        DiskEntryCodec.setSplit(STRIPES, into, at, map.stripes(), large);
        CHUNK.set(into, at, Math.toIntExact(blocks.toBlocks(map.chunkSectors())));
        STATE.set(into, at, map.state());
        LEVEL.set(into, at, map.storedLevel());
        MEMBERS.set(into, at, map.members());
        DOMAINS.set(into, at, map.domains());
        FAILED_SLOT.set(into, at, map.failedSlot());
        for (int slot = 0; slot < map.members(); slot++) {
            SLOT.set(
                    into,
                    at + MapEntry.HEAD_BYTES + (long) Integer.BYTES * slot,
                    Integer.toUnsignedLong(map.order().get(slot)));
        }
    }

    /** The head of a map made by us: all zero but the byte that is always 1. */
    static Raw freshHead() {
        MemorySegment head = MemorySegment.ofArray(new byte[MapEntry.HEAD_BYTES]);
        DDF.set(head, 0, 1);
        return Raw.of(head, 0, MapEntry.HEAD_BYTES);
    }
}
