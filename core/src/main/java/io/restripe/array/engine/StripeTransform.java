package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** RAID0, and parity levels whose parity member is not there: every sector has one place. Any thread; keeps nothing. */
final class StripeTransform implements Transform {
    private final Parts parts;

    StripeTransform(Parts parts) {
        this.parts = parts;
    }

    @Override
    public void read(Layout layout, long arraySector, MemorySegment into) throws DiskException {
        List<MemberRequest> requests = requests(layout, arraySector, into, MemberRequest.Kind.READ);
        parts.io().run(requests);
        for (MemberRequest request : requests) {
            if (request.failure != null) {
                throw request.failure;
            }
        }
    }

    @Override
    public void write(Layout layout, long arraySector, MemorySegment from) throws DiskException {
        List<MemberRequest> requests = requests(layout, arraySector, from, MemberRequest.Kind.WRITE);
        parts.io().run(requests);
        DiskException failure = parts.state().failWhoFailed(requests);
        if (failure != null) {
            throw failure;
        }
    }

    private List<MemberRequest> requests(Layout layout, long arraySector, MemorySegment buffer, MemberRequest.Kind kind)
            throws DiskException {
        long sectors = Units.sectorsOfBytesExact(buffer.byteSize());
        List<MemberRequest> requests = new ArrayList<>();
        layout.geometry().forEachPiece(arraySector, sectors, (slot, memberSector, length, offset) -> {
            Member member = layout.usable(slot, memberSector + length);
            requests.add(new MemberRequest(kind, member, memberSector, slice(buffer, offset, length), slot));
        });
        for (MemberRequest request : requests) {
            if (request.member == null) {
                throw lost(parts, kind, arraySector, sectors, request.tag);
            }
        }
        return requests;
    }

    static DiskException lost(Parts parts, MemberRequest.Kind kind, long arraySector, long sectors, long slot) {
        DiskException.Operation operation =
                kind == MemberRequest.Kind.READ ? DiskException.Operation.READ : DiskException.Operation.WRITE;
        return new DiskException(
                parts.state().name, operation, arraySector, sectors, "the member of slot " + slot + " is lost");
    }

    /** The buffer itself where that is all of it. */
    static MemorySegment slice(MemorySegment buffer, long offsetSectors, long sectors) {
        boolean all = offsetSectors == 0 && Units.bytesOfSectors(sectors) == buffer.byteSize();
        return all ? buffer : buffer.asSlice(Units.bytesOfSectors(offsetSectors), Units.bytesOfSectors(sectors));
    }
}
