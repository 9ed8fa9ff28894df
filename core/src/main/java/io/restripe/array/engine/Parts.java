package io.restripe.array.engine;

import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** What the classes of the data path share; one of each an array, but for {@link #sparing}. */
record Parts(
        ArrayState state,
        Admission admission,
        StripeLocks locks,
        MemberIo io,
        Scratch scratch,
        ScratchRoom room,
        PartialParityLog log,
        WriteIntentBitmap bitmap) {
    /** The same, with another way to ask members: for work that must leave processors to users. */
    Parts sparing() {
        return new Parts(state, admission, locks, io.sparing(), scratch, room, log, bitmap);
    }

    /** A sector that could not be read is written again from what is known; a member that refuses even that has failed. */
    void heal(Member member, long memberSector, MemorySegment bytes) {
        state.lock.lock();
        try {
            if (state.mode == ArrayState.Mode.READONLY || member.failed()) {
                return;
            }
            member.correctedErrors += Units.sectorsOfBytesExact(bytes.byteSize());
        } finally {
            state.lock.unlock();
        }
        MemberRequest write = MemberRequest.write(member, memberSector, bytes, 0);
        write.perform();
        state.failWhoFailed(List.of(write));
    }
}
