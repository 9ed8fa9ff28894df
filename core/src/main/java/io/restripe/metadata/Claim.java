package io.restripe.metadata;

import java.util.Optional;

/** A disk that carries a format's metadata, with what was read from it. Each format has its own. */
public interface Claim {
    MemberDisk member();

    /** Generation of the write found on this disk. */
    long generation();

    /** The disk's serial as its own record has it, where that tells of this disk alone: a spare that its container has not written yet. */
    default Optional<String> ownSerial() {
        return Optional.empty();
    }

    /** True when the disk belongs to no volume by its own record. */
    boolean spare();
}
