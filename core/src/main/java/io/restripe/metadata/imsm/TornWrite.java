package io.restripe.metadata.imsm;

import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Recognises a member whose MPB is damaged because the power failed while it was written: extended sectors go first and the anchor last
 * (docs/imsm.md, 6.1), so the anchor is whole and names a family of the container and a generation next to the others'.
 */
final class TornWrite {
    private static final ValueLayout.OfInt U32_LE = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long FAMILY_AT = 0x28;
    private static final long GENERATION_AT = 0x2c;
    private static final long ORIGINAL_FAMILY_AT = 0x40;

    private TornWrite() {}

    static boolean isOf(MemberDisk member, MpbHeader chosen) throws DiskException {
        int sectorBytes = member.disk().logicalSectorBytes();
        long sectors = Units.sectorsOfBytesExact(sectorBytes);
        long anchorSector = member.disk().sectors() - member.disk().sectors() % sectors - 2 * sectors;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment anchor = arena.allocate(sectorBytes, 4096);
            member.disk().read(anchorSector, anchor);
            byte[] signature = anchor.asSlice(0, MpbHeader.SIGNATURE.length()).toArray(ValueLayout.JAVA_BYTE);
            if (!new String(signature, StandardCharsets.ISO_8859_1).equals(MpbHeader.SIGNATURE)) {
                return false;
            }
            long family = field(anchor, FAMILY_AT);
            long original = field(anchor, ORIGINAL_FAMILY_AT);
            boolean related = family == chosen.family() || original == chosen.origFamily();
            return related && Math.abs(field(anchor, GENERATION_AT) - chosen.generation()) <= 1;
        }
    }

    private static long field(MemorySegment anchor, long offset) {
        return Integer.toUnsignedLong(anchor.get(U32_LE, offset));
    }
}
