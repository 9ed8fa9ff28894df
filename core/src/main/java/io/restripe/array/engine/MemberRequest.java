package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** One request to one member and, afterwards, how it went. Used by one thread at a time. */
final class MemberRequest {
    enum Kind {
        READ,
        WRITE,
        DISCARD,
        FLUSH
    }

    final Member member;
    final Kind kind;
    /** From the member's data offset. */
    final long memberSector;

    final MemorySegment buffer;
    /** What the asker wants to find again when it failed. */
    final long tag;

    /** Length of a discard. */
    private final long discardSectors;

    /** Whether what was discarded reads as zeros now. */
    boolean zeroed;

    /** Null when it went well. */
    DiskException failure;

    /** Requests of the same kind that go on where this one ends, on the same member: performed with it. Null when there are none. */
    private List<MemberRequest> sequels;

    MemberRequest(Kind kind, Member member, long memberSector, MemorySegment buffer, long tag) {
        this(kind, member, memberSector, buffer, 0, tag);
    }

    private MemberRequest(
            Kind kind, Member member, long memberSector, MemorySegment buffer, long discardSectors, long tag) {
        this.kind = kind;
        this.member = member;
        this.memberSector = memberSector;
        this.buffer = buffer;
        this.discardSectors = discardSectors;
        this.tag = tag;
    }

    static MemberRequest read(Member member, long memberSector, MemorySegment into, long tag) {
        return new MemberRequest(Kind.READ, member, memberSector, into, tag);
    }

    static MemberRequest write(Member member, long memberSector, MemorySegment from, long tag) {
        return new MemberRequest(Kind.WRITE, member, memberSector, from, tag);
    }

    static MemberRequest discard(Member member, long memberSector, long sectors, long tag) {
        return new MemberRequest(Kind.DISCARD, member, memberSector, MemorySegment.NULL, sectors, tag);
    }

    static MemberRequest flush(Member member) {
        return new MemberRequest(Kind.FLUSH, member, 0, MemorySegment.NULL, 0);
    }

    /** Whether bytes are moved, so that its time says how fast the member is. */
    boolean moves() {
        return kind == Kind.READ || kind == Kind.WRITE;
    }

    /** Adds a request to be performed with this one when it goes on where this one, with its sequels, ends. */
    boolean takes(MemberRequest request) {
        if (request.member != member || request.kind != kind || !moves()) {
            return false;
        }
        MemberRequest last = sequels == null ? this : sequels.getLast();
        if (request.memberSector != last.memberSector + last.sectors()) {
            return false;
        }
        if (sequels == null) {
            sequels = new ArrayList<>();
        }
        sequels.add(request);
        return true;
    }

    /** With its sequels. */
    long bytes() {
        long bytes = buffer.byteSize();
        if (sequels != null) {
            for (MemberRequest sequel : sequels) {
                bytes += sequel.buffer.byteSize();
            }
        }
        return bytes;
    }

    /**
     * With its sequels. Whatever is thrown is this request's failure, and a write's is theirs too: a request that did not return well must
     * never count as done. Reads that fail together are asked again one by one, so that each has what can be read.
     */
    void perform() {
        if (sequels == null) {
            performAlone();
            return;
        }
        List<MemberRequest> all = sequels;
        sequels = null;
        all.addFirst(this);
        List<MemorySegment> buffers = new ArrayList<>(all.size());
        all.forEach(request -> buffers.add(request.buffer));
        DiskException together = attempt(() -> {
            if (kind == Kind.READ) {
                member.disk.read(member.offsetSectors + memberSector, buffers);
            } else {
                member.disk.write(member.offsetSectors + memberSector, buffers);
            }
        });
        for (MemberRequest request : all) {
            if (together != null && kind == Kind.READ) {
                request.performAlone();
            } else {
                request.failure = together;
            }
        }
    }

    private void performAlone() {
        failure = attempt(() -> {
            switch (kind) {
                case READ -> member.disk.read(member.offsetSectors + memberSector, buffer);
                case WRITE -> member.disk.write(member.offsetSectors + memberSector, buffer);
                case DISCARD -> zeroed = member.disk.discard(member.offsetSectors + memberSector, discardSectors);
                case FLUSH -> member.disk.flush();
            }
        });
    }

    private interface Attempt {
        void run() throws DiskException;
    }

    private DiskException attempt(Attempt request) {
        try {
            request.run();
            return null;
        } catch (DiskException e) {
            return e; // the asker decides: reconstruct, fail the member, or give up
        } catch (RuntimeException | Error e) {
            return new DiskException(
                    member.name, operation(), member.offsetSectors + memberSector, sectors(), e.toString(), e);
        }
    }

    private DiskException.Operation operation() {
        return switch (kind) {
            case READ -> DiskException.Operation.READ;
            case WRITE, DISCARD -> DiskException.Operation.WRITE;
            case FLUSH -> DiskException.Operation.FLUSH;
        };
    }

    /** How much it reads, writes or discards. */
    long sectors() {
        return kind == Kind.DISCARD ? discardSectors : Units.sectorsOfBytesFloor(buffer.byteSize());
    }
}
