package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** One request to one member and, afterwards, how it went. Used by one thread at a time. */
final class MemberRequest {
    enum Kind {
        READ,
        WRITE,
        FLUSH
    }

    final Member member;
    final Kind kind;
    /** From the member's data offset. */
    final long memberSector;

    final MemorySegment buffer;
    /** What the asker wants to find again when it failed. */
    final long tag;

    /** Null when it went well. */
    DiskException failure;

    MemberRequest(Kind kind, Member member, long memberSector, MemorySegment buffer, long tag) {
        this.kind = kind;
        this.member = member;
        this.memberSector = memberSector;
        this.buffer = buffer;
        this.tag = tag;
    }

    static MemberRequest read(Member member, long memberSector, MemorySegment into, long tag) {
        return new MemberRequest(Kind.READ, member, memberSector, into, tag);
    }

    static MemberRequest write(Member member, long memberSector, MemorySegment from, long tag) {
        return new MemberRequest(Kind.WRITE, member, memberSector, from, tag);
    }

    static MemberRequest flush(Member member) {
        return new MemberRequest(Kind.FLUSH, member, 0, MemorySegment.NULL, 0);
    }

    /** Whatever is thrown is this request's failure: a request that did not return well must never count as done. */
    void perform() {
        try {
            switch (kind) {
                case READ -> member.disk.read(member.offsetSectors + memberSector, buffer);
                case WRITE -> member.disk.write(member.offsetSectors + memberSector, buffer);
                case FLUSH -> member.disk.flush();
            }
        } catch (DiskException e) {
            failure = e; // the asker decides: reconstruct, fail the member, or give up
        } catch (RuntimeException | Error e) {
            failure = new DiskException(
                    member.name, operation(), member.offsetSectors + memberSector, sectors(), e.toString(), e);
        }
    }

    private DiskException.Operation operation() {
        return switch (kind) {
            case READ -> DiskException.Operation.READ;
            case WRITE -> DiskException.Operation.WRITE;
            case FLUSH -> DiskException.Operation.FLUSH;
        };
    }

    private long sectors() {
        return Units.sectorsOfBytesFloor(buffer.byteSize());
    }
}
